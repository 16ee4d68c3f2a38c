export declare const ROOT: string;
/** True when the built package is missing or older than its sources. */
export declare function packageIsStale(): boolean;
export declare function demoIsStale(): boolean;
export declare function buildPackage(): Promise<void>;
/** Builds the demo page if it is stale. */
export declare function buildDemo(): Promise<void>;
