/** Here are named arrays of bytes, make a file of them; here is a file, give me this part of that array, verified. */
export { encodeSections, sectionsByteLength, type SectionInput } from './encode.ts';
export { openSections, type SalvagedBytes, type SectionFile } from './file.ts';
export { storedNameChecksum } from './directory.ts';
export { nameChecksum, type FileKind } from './format.ts';
