import type { Plugin } from 'vite';
export declare function kernelModules(): Plugin;
export declare function builtWorker(): Plugin;
