/** `elanus/arrow`: answers as Tables of apache-arrow. Tables as input need nothing of it: `insert` and `upsert` take them. */
export { getTable, searchTable } from './arrow/read.ts';
