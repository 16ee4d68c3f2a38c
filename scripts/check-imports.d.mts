/** One line per violation of the import arrow in a file; `file` is its path from `src/`. */
export declare function checkFile(file: string, text: string): string[];
export declare function checkTree(src?: string): string[];
