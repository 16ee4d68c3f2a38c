export declare const BROWSER_ARGS: string[];
export declare const HOW_TO_GET_ONE: string;
/** Path of the browser to test in, or null where there is none. */
export declare function findBrowser(): Promise<string | null>;
