/** Whether the process that wrote a lock is still there. A pid alone does not say: the system gives it out again. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { pid } from 'node:process';

/** Who holds a lock; written into the lock file as JSON. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process, from /proc; null where there is none. */
  readonly startTime: string | null;
  /** The kernel's boot id and the pid namespace, which say whether our /proc knows that pid at all; null where there is none. */
  readonly boot: string | null;
  readonly pidNamespace: string | null;
  readonly host: string;
}

export type Liveness = 'alive' | 'gone' | 'unknown';

export function ownIdentity(): ProcessIdentity {
  return { pid, startTime: processStart(pid)?.startTime ?? null, boot: bootId(), pidNamespace: pidNamespace(), host: hostname() };
}

/**
 * `unknown`: another machine's process, or one of another container, which this one cannot see. Such a lock is
 * respected, since two writers destroy a database and a lock left behind can be removed by hand.
 */
export function livenessOf(holder: ProcessIdentity): Liveness {
  const boot = bootId();
  if (boot !== null && holder.boot !== null) {
    if (boot !== holder.boot) return holder.host === hostname() ? 'gone' : 'unknown';
    const namespace = pidNamespace();
    if (namespace !== null && holder.pidNamespace !== null && namespace !== holder.pidNamespace) return 'unknown';
  }
  if (holder.startTime !== null) {
    const found = processStart(holder.pid);
    // A zombie has given back its files; only its parent has not looked yet.
    if (found !== null) return found.startTime === holder.startTime && found.state !== 'Z' && found.state !== 'X' ? 'alive' : 'gone';
  }
  return pidExists(holder.pid) ? 'alive' : 'gone';
}

function pidExists(holderPid: number): boolean {
  try {
    process.kill(holderPid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** proc(5): field 3 is the state, field 22 the start time; field 2 is a name in parentheses that may hold anything. */
function processStart(ofPid: number): { startTime: string; state: string } | null {
  const stat = readOrNull(() => readFileSync(`/proc/${ofPid}/stat`, 'latin1'));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.length > 19 ? { state: fields[0], startTime: fields[19] } : null;
}

const bootId = (): string | null => readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
const pidNamespace = (): string | null => readOrNull(() => readlinkSync('/proc/self/ns/pid'));

function readOrNull(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
