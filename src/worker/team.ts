/** How the threads of one build tell each other what they found: by a port between any two of them. */
import { unlessAborted } from '../util/abort.ts';
import { ElanusError } from '../util/error.ts';

/** One thread's place in a team, as plain data and ports. */
export interface TeamSeat {
  readonly index: number;
  /** To the others, in their order. */
  readonly ports: readonly MessagePort[];
}

export interface TeamLink {
  readonly index: number;
  readonly count: number;
  /**
   * One turn: gives a message to all others and waits for theirs; answers all, in the order of the team, this one's
   * among them. ABORTED when the signal fires meanwhile.
   */
  exchange(message: Uint8Array, signal: AbortSignal | undefined): Promise<readonly Uint8Array[]>;
  close(): void;
}

/** Seats for a team of `count`, at least 1. */
export function makeSeats(count: number): TeamSeat[] {
  const ports = Array.from({ length: count }, () => [] as MessagePort[]);
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const { port1, port2 } = new MessageChannel();
      ports[a]!.push(port1);
      ports[b]!.push(port2);
    }
  }
  // Whoever sits at `a` met those before it first, in their order, and then those behind it.
  return ports.map((own, index) => ({ index, ports: own }));
}

export function takeSeat({ index, ports }: TeamSeat): TeamLink {
  const inboxes = ports.map(openInbox);
  return {
    index,
    count: ports.length + 1,
    async exchange(message, signal) {
      for (const port of ports) port.postMessage(message);
      const messages = await unlessAborted(Promise.all(inboxes.map((take) => take())), signal);
      messages.splice(index, 0, message);
      return messages;
    },
    close() {
      for (const port of ports) port.close();
    },
  };
}

/** Takes the messages of a port one by one, in the order in which they came. */
function openInbox(port: MessagePort): () => Promise<Uint8Array> {
  const arrived: Uint8Array[] = [];
  let waiting: { give(message: Uint8Array): void; fail(error: ElanusError): void } | null = null;
  port.onmessage = ({ data }: MessageEvent<Uint8Array>) => {
    if (waiting) waiting.give(data);
    else arrived.push(data);
    waiting = null;
  };
  port.onmessageerror = () => waiting?.fail(new ElanusError('INTERNAL', 'a message of another build worker could not be read'));
  return () => {
    const message = arrived.shift();
    if (message) return Promise.resolve(message);
    return new Promise((give, fail) => void (waiting = { give, fail }));
  };
}
