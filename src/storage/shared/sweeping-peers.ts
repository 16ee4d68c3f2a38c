/** Half-written files of tabs that died are swept by the next one that leads: nobody else writes any. */
import type { Lease, Peers } from './shared.ts';

/** Whoever comes to maintain the database sweeps first. */
export function sweepingPeers(peers: Peers, files: { sweep(): Promise<void> }): Peers {
  return {
    areSeveral: peers.areSeveral,
    async lead(options): Promise<Lease | null> {
      const lease = await peers.lead(options);
      // What cannot be swept now, because somebody who was robbed of the lease has it open still, is swept another time.
      if (lease) await files.sweep().catch(() => undefined);
      return lease;
    },
    holdVersion: (version) => peers.holdVersion(version),
    oldestVersion: () => peers.oldestVersion(),
    post: (message) => peers.post(message),
    onMessage: (listener) => peers.onMessage(listener),
  };
}
