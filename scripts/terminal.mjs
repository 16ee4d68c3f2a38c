/** Lines and a progress bar for a terminal; plain lines, without movement and colour, where there is none. */

const stream = process.stdout;
const isTerminal = stream.isTTY === true && process.env.TERM !== 'dumb';
const hasColour = isTerminal && !process.env.NO_COLOR;

const paint = (code) => (text) => (hasColour ? `\x1b[${code}m${text}\x1b[0m` : text);
export const bold = paint('1');
export const dim = paint('2');
export const accent = paint('36');
export const bad = paint('31');

// `npm start | head`: the reader has enough.
stream.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const BAR = 24;
let open = '';

export function line(text = '') {
  clear();
  stream.write(`${text}\n`);
}

/**
 * A step that takes a while: `tick` moves its bar, `done` ends it with a line. Without a terminal only that line and
 * the first are printed.
 * @param {string} label
 */
export function step(label) {
  const begin = performance.now();
  let last = 0;
  show(`  ${label} …`);
  return {
    /** @param {number} done @param {number} total */
    tick(done, total) {
      const now = performance.now();
      if (!isTerminal || (now - last < 60 && done < total)) return;
      last = now;
      const filled = total > 0 ? Math.round((BAR * done) / total) : 0;
      show(`  ${label.padEnd(22)} ${accent('━'.repeat(filled))}${dim('─'.repeat(BAR - filled))} ${count(done)} of ${count(total)}`);
    },
    /** @param {string} [result] instead of the time it took */
    done(result) {
      clear();
      stream.write(`  ${label.padEnd(22)} ${result ?? duration(performance.now() - begin)}\n`);
    },
  };
}

function show(text) {
  if (!isTerminal) return;
  clear();
  open = text;
  stream.write(text);
}

function clear() {
  if (open === '') return;
  open = '';
  stream.write('\r\x1b[2K');
}

const whole = new Intl.NumberFormat('en');
export const count = (value) => whole.format(value);

/** @param {number} ms */
export function duration(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(2)} ms`;
}

/** @param {string} text @param {number} width columns */
export function cut(text, width) {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}
