/** Why the packages under `root` have to be installed, or null when they need not be. */
export declare function staleReason(root: string): string | null;
