export interface Served {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a folder on this machine. `under`: its path on the server, with slashes at both ends. `headers` go with every file. */
export declare function serve(folder: string, options?: { port?: number; tries?: number; under?: string; headers?: Record<string, string> }): Promise<Served>;
