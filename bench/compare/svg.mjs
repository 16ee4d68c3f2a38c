/**
 * Charts as SVG text, without a library: lines over two scales, and bars. They carry a background of their own, so that they read
 * alike on light and dark pages.
 *
 * @typedef {{ x: number, y: number }} XY
 * @typedef {{ name: string, isOwn: boolean, points: XY[] }} Series `points` in order of x
 * @typedef {{ label: string, ticks: { at: number, text: string }[], place: (value: number) => number }} Axis
 *   `place`: 0 at the start of the axis, 1 at its end
 * @typedef {{ title: string, x: Axis, y: Axis, series: Series[] }} LinePanel
 * @typedef {{ title: string, unit: string, groups: { name: string, bars: { name: string, isOwn: boolean, value: number, text: string }[] }[] }} BarPanel
 */

const WIDTH = 620;
const HEIGHT = 400;
const FRAME = { left: 64, top: 46, right: 470, bottom: 346 };
const INK = '#33363b';
const QUIET = '#6d7178';
const GRID = '#e4e4df';
const PAPER = '#fbfbf8';
const OWN = ['#14508c', '#0f8a84', '#5a4fb0', '#2f86c9', '#3d8f4e', '#7a3f9d', '#0c6478'];
const OTHER = ['#b4491f', '#8f7318', '#8a8d92', '#a34a68', '#6b5344'];
const LABEL_GAP = 15;

/** @param {unknown} text */
export const escapeXml = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&apos;');

/** @param {number} n */
const at = (n) => (Math.round(n * 10) / 10).toString();

/** @param {number} x @param {number} y @param {unknown} content @param {string} [more] */
const text = (x, y, content, more = '') => `<text x="${at(x)}" y="${at(y)}" ${more}>${escapeXml(content)}</text>`;

/** A colour for each series, of two families of colours: ours and the others'. @param {{ isOwn: boolean }[]} list */
function coloursOf(list) {
  const used = { own: 0, other: 0 };
  return list.map(({ isOwn }) => (isOwn ? OWN[used.own++ % OWN.length] : OTHER[used.other++ % OTHER.length]));
}

/**
 * Moves labels apart: positions at least `gap` from one another, as near to the wanted ones as a pass down and a pass up
 * make them, within [low, high] as far as they fit.
 * @param {number[]} wanted @param {number} gap @param {number} low @param {number} high
 */
export function spread(wanted, gap, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const placed = wanted.slice();
  let floor = low;
  for (const i of order) {
    placed[i] = Math.max(placed[i], floor);
    floor = placed[i] + gap;
  }
  let ceiling = high;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i], ceiling);
    ceiling = placed[i] - gap;
  }
  return placed;
}

const RECALL_TICKS = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999];

/** Recall on a scale where each tenth of the misses takes the same room, around some values. @param {number[]} values @param {number} [k] @returns {Axis} */
export function recallAxis(values, k = 10) {
  const x = (/** @type {number} */ recall) => -Math.log10(Math.max(1 - recall, 1e-9));
  const last = RECALL_TICKS.length - 1;
  const first = Math.max(0, RECALL_TICKS.findLastIndex((r) => r <= Math.min(...values)));
  const end = RECALL_TICKS.findIndex((r, i) => i > first && r >= Math.max(...values));
  const ticks = RECALL_TICKS.slice(Math.min(first, last - 1), (end < 0 ? last : end) + 1);
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const [from, to] = [x(low), x(high)];
  return { label: `recall@${k}`, ticks: ticks.map((r) => ({ at: r, text: String(r) })), place: (recall) => (x(Math.min(Math.max(recall, low), high)) - from) / (to - from) };
}

/**
 * A logarithmic axis around some values, from a 1, 2 or 5 times a power of ten to another.
 * @param {string} label @param {number[]} values @param {number[]} [marks] ticks, where not 1, 2, 5 times powers of ten
 * @returns {Axis}
 */
export function logAxis(label, values, marks) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const steps = [];
  for (let power = Math.floor(Math.log10(least)) - 1; power <= Math.ceil(Math.log10(most)); power++) for (const digit of [1, 2, 5]) steps.push(digit * 10 ** power);
  const low = marks ? marks[0] : Math.max(...steps.filter((s) => s <= least));
  const high = marks ? marks[marks.length - 1] : Math.min(...steps.filter((s) => s >= most && s > low));
  const ticks = (marks ?? steps.filter((s) => s >= low && s <= high)).map((value) => ({ at: value, text: short(value) }));
  return { label, ticks, place: (value) => (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low) || 1) };
}

/** 20,000 as 20 k, with three digits that count. @param {number} value */
export function short(value) {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)} M`;
  if (value >= 1e3) return `${+(value / 1e3).toPrecision(3)} k`;
  return `${+value.toPrecision(3)}`;
}

/** @param {LinePanel} panel */
function lines({ title, x, y, series }) {
  const px = (/** @type {number} */ v) => FRAME.left + x.place(v) * (FRAME.right - FRAME.left);
  const py = (/** @type {number} */ v) => FRAME.bottom - y.place(v) * (FRAME.bottom - FRAME.top);
  const out = [heading(title)];
  for (const tick of x.ticks) {
    out.push(`<path d="M${at(px(tick.at))} ${FRAME.top}V${FRAME.bottom}" stroke="${GRID}"/>`, text(px(tick.at), FRAME.bottom + 16, tick.text, `text-anchor="middle" fill="${QUIET}"`));
  }
  for (const tick of y.ticks) {
    out.push(`<path d="M${FRAME.left} ${at(py(tick.at))}H${FRAME.right}" stroke="${GRID}"/>`, text(FRAME.left - 7, py(tick.at) + 4, tick.text, `text-anchor="end" fill="${QUIET}"`));
  }
  out.push(`<path d="M${FRAME.left} ${FRAME.top}V${FRAME.bottom}H${FRAME.right}" fill="none" stroke="${QUIET}"/>`);
  out.push(text((FRAME.left + FRAME.right) / 2, FRAME.bottom + 35, x.label, `text-anchor="middle" fill="${INK}"`));
  out.push(text(0, 0, y.label, `transform="translate(15 ${at((FRAME.top + FRAME.bottom) / 2)}) rotate(-90)" text-anchor="middle" fill="${INK}"`));
  const shown = series.filter(({ points }) => points.length > 0);
  const colours = coloursOf(shown);
  const ends = shown.map(({ points }) => points[points.length - 1]);
  const labelYs = spread(ends.map((end) => py(end.y)), LABEL_GAP, FRAME.top + 4, FRAME.bottom);
  for (const [i, { name, isOwn, points }] of shown.entries()) {
    const colour = colours[i];
    const path = points.map((p, n) => `${n ? 'L' : 'M'}${at(px(p.x))} ${at(py(p.y))}`).join('');
    out.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="${isOwn ? 2.2 : 1.6}" stroke-linejoin="round"/>`);
    for (const p of points) out.push(`<circle cx="${at(px(p.x))}" cy="${at(py(p.y))}" r="3" fill="${isOwn ? colour : PAPER}" stroke="${colour}" stroke-width="1.6"/>`);
    const end = ends[i];
    out.push(`<path d="M${at(px(end.x) + 5)} ${at(py(end.y))}L${FRAME.right + 8} ${at(labelYs[i])}" stroke="${colour}" stroke-width="0.8" stroke-dasharray="2 2"/>`);
    out.push(text(FRAME.right + 12, labelYs[i] + 4, name, `fill="${colour}"${isOwn ? ' font-weight="600"' : ''}`));
  }
  return out.join('\n');
}

/** @param {BarPanel} panel */
function bars({ title, unit, groups }) {
  const out = [heading(title)];
  const count = groups.reduce((n, group) => n + group.bars.length, 0);
  const left = 150;
  const room = (HEIGHT - 90) / (count + 1.4 * groups.length);
  const thick = Math.min(22, room);
  let y = 52;
  for (const group of groups) {
    const most = Math.max(...group.bars.map(({ value }) => value));
    out.push(text(24, y + thick * 0.8, `${group.name}, ${unit}`, `fill="${INK}" font-weight="600"`));
    y += thick * 1.3;
    const colours = coloursOf(group.bars);
    for (const [i, bar] of group.bars.entries()) {
      const width = (bar.value / most) * (WIDTH - left - 120);
      out.push(text(left - 8, y + thick * 0.6, bar.name, `text-anchor="end" fill="${INK}"`));
      out.push(`<rect x="${left}" y="${at(y)}" width="${at(Math.max(1, width))}" height="${at(thick * 0.78)}" rx="2" fill="${colours[i]}"/>`);
      out.push(text(left + width + 7, y + thick * 0.6, bar.text, `fill="${QUIET}"`));
      y += thick;
    }
    y += thick * 0.5;
  }
  return out.join('\n');
}

/** @param {string} title */
const heading = (title) => text(24, 26, title, `fill="${INK}" font-size="14" font-weight="600"`);

/** What filled and hollow marks mean. @param {number} width @param {number} y */
function legend(width, y) {
  const [own, other] = [OWN[0], OTHER[0]];
  return [
    `<circle cx="${width / 2 - 108}" cy="${y}" r="3.5" fill="${own}"/>`,
    text(width / 2 - 99, y + 4, 'Elanus', `fill="${INK}"`),
    `<circle cx="${width / 2 - 28}" cy="${y}" r="3.5" fill="${PAPER}" stroke="${other}" stroke-width="1.6"/>`,
    text(width / 2 - 19, y + 4, 'other libraries', `fill="${INK}"`),
  ].join('\n');
}

/**
 * One picture of one or more panels, `columns` of them beside each other.
 * @param {(LinePanel | BarPanel)[]} panels
 * @param {{ columns?: number, note?: string }} [options] `note`: a line below, such as the machine
 */
export function drawPanels(panels, { columns = 2, note } = {}) {
  const across = Math.min(columns, panels.length);
  const width = across * WIDTH;
  const bottom = Math.ceil(panels.length / across) * HEIGHT;
  const height = bottom + (note ? 50 : 28);
  const parts = panels.map((panel, i) => `<g transform="translate(${(i % across) * WIDTH} ${Math.floor(i / across) * HEIGHT})">\n${'groups' in panel ? bars(panel) : lines(panel)}\n</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12" role="img" aria-label="${escapeXml(panels.map(({ title }) => title).join('; '))}">
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${PAPER}" stroke="${GRID}"/>
${parts.join('\n')}
${panels.some((panel) => !('groups' in panel)) ? legend(width, bottom + 6) : ''}
${note ? text(width / 2, bottom + 32, note, `text-anchor="middle" fill="${QUIET}"`) : ''}
</svg>
`;
}
