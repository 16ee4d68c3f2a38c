/** Make this record survive; here are a log's bytes, which records were acknowledged? */
export { RECORD_BYTES_MAX } from './format.ts';
export { readLog, salvageLog, type LogContents, type SalvagedLog } from './reader.ts';
export { LogWriter, type Durability } from './writer.ts';
