/** The engine on the calling thread, with what it needs where there is no WebAssembly. */
import type { EngineClient } from './engine/client.ts';
import { useTwin } from './kernels/instantiate.ts';
import { scalarInstance } from './kernels/scalar.ts';
import type { LaunchContext } from './launch.ts';
import type { Platform } from './platform/platform.ts';
import { splitUrl } from './platform/url.ts';
import { openEncryptedStore } from './storage/encrypted.ts';
import { startEngine, type EngineStart } from './roles.ts';

/** Opens the database here; builds run on threads of the platform, unless `start.workers` is 0. */
export async function startLocalEngine(platform: Platform, start: EngineStart, context: LaunchContext): Promise<EngineClient> {
  useTwin(scalarInstance);
  const openStore = (href: string, options: { readonly readOnly: boolean }) => platform.openStore(splitUrl(href), options);
  const spawnBuildWorker = () => platform.spawnWorker('build', true);
  const onDemand = async () => (await import('./on-demand.ts')).parts;
  return startEngine({ openStore, onDemand, encrypted: openEncryptedStore, spawnBuildWorker }, start, 'calling', context);
}
