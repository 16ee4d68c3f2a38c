import { describe, expect, it } from 'vitest';
import { panelOf } from '../../bench/compare/draw.mjs';
import type { EngineReport, FamilyReport } from '../../bench/compare/report.d.mts';
import { drawPanels, escapeXml, logAxis, recallAxis, short, spread } from '../../bench/compare/svg.mjs';

/** Throws unless the text is well-formed: every tag closed in order, attributes quoted, no bare `&` or `<`. */
function checkXml(xml: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  let rest = xml.trim();
  while (rest !== '') {
    const tag = /^<(\/?)([a-z]+)((?:\s+[a-zA-Z:-]+="[^"<]*")*)\s*(\/?)>/.exec(rest);
    const text = tag === null ? /^[^<]+/.exec(rest) : null;
    const piece = tag ?? text;
    if (piece === null) throw new Error(`not XML: ${rest.slice(0, 60)}`);
    if (/&(?!(amp|lt|gt|quot|apos);)/.test(piece[0])) throw new Error(`bare ampersand: ${piece[0]}`);
    if (tag?.[1] === '/') {
      if (open.pop() !== tag[2]) throw new Error(`"${tag[2]}" closed out of turn`);
    } else if (tag !== null) {
      names.push(tag[2]!);
      if (tag[4] !== '/') open.push(tag[2]!);
    }
    rest = rest.slice(piece[0].length);
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`);
  return names;
}

const circles = (svg: string) => [...svg.matchAll(/<circle cx="([^"]+)" cy="([^"]+)" r="3" /g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));

const engine = (name: string, isOwn: boolean, points: [string, number, number][]): EngineReport => ({
  id: name,
  name,
  what: name,
  isOwn,
  buildSeconds: 1,
  ownBytes: 1000,
  points: points.map(([label, recall, qps]) => ({ label, recall, queries: 10, rounds: [qps, 2 * qps, 3 * qps] })),
});

const family = (name: string, engines: EngineReport[]): FamilyReport => ({ set: 'a<b>&"c"', family: name, metric: 'L2', rows: 10_000, dim: 128, queries: 100, k: 10, nlist: 128, skipped: [], engines });

describe('pictures of a comparison', () => {
  const graph = family('graph', [
    engine('elanus HNSW', true, [['ef 10', 0.7, 5000], ['ef 20', 0.93, 3000], ['ef 50', 0.99, 2000], ['ef 90', 1, 500], ['ef 99', 1, 100]]),
    engine('rival & <co>', false, [['ef 10', 0.91, 900], ['ef 20', 0.9, 800], ['ef 50', 0.985, 300]]),
    engine('hopeless', false, [['ef 10', 0.2, 90_000]]),
  ]);

  it('are well-formed, whatever the names are', () => {
    const svg = drawPanels([panelOf(graph)], { note: 'x < y & "z"' });
    expect(checkXml(svg)[0]).toBe('svg');
    expect(svg).toContain('rival &amp; &lt;co&gt;');
    expect(svg).toContain('x &lt; y &amp; &quot;z&quot;');
    expect(() => checkXml('<svg><g></svg>')).toThrow();
    expect(() => checkXml('<svg>a & b</svg>')).toThrow();
  });

  it('show every point of the upper edge within the frame, the better ones higher and further right', () => {
    const marks = circles(drawPanels([panelOf(graph)]));
    // Elanus: where its curve enters at 0.8, two points and the faster of those with recall 1; the rival: its edge has two.
    expect(marks).toHaveLength(4 + 2);
    for (const { x, y } of marks) {
      expect(x).toBeGreaterThanOrEqual(64);
      expect(x).toBeLessThanOrEqual(470);
      expect(y).toBeGreaterThanOrEqual(46);
      expect(y).toBeLessThanOrEqual(346);
    }
    const own = marks.slice(0, 4);
    for (let i = 1; i < own.length; i++) {
      expect(own[i]!.x).toBeGreaterThan(own[i - 1]!.x);
      expect(own[i]!.y).toBeGreaterThan(own[i - 1]!.y);
    }
    expect(drawPanels([panelOf(graph)])).not.toContain('hopeless');
  });

  it('have a group of bars for each filter, of what has enough recall', () => {
    const under = (filter: string, recall: number) => ({ filter, label: 'scan', recall, queries: 10, rounds: [100] });
    const panel = panelOf(family('filtered', [{ ...engine('rival', false, []), points: [under('a', 1), under('b', 0.9)] }, { ...engine('elanus HNSW_SQ', true, []), points: [under('a', 1), under('b', 1)] }]));
    if (!('groups' in panel)) throw new Error('a filtered family has bars');
    expect(panel.groups.map(({ name, bars }) => [name, bars.map((bar) => bar.name)])).toEqual([['a', ['rival', 'HNSW_SQ']], ['b', ['HNSW_SQ']]]);
    expect(checkXml(drawPanels([panel]))[0]).toBe('svg');
  });

  it('take the median over the rounds', () => {
    const panel = panelOf(graph);
    if ('groups' in panel) throw new Error('a graph family has curves');
    expect(panel.series[1]!.points).toEqual([{ x: 0.91, y: 1800 }, { x: 0.985, y: 600 }]);
  });

  it('are bars for an exact family, the longest within the picture', () => {
    const svg = drawPanels([panelOf(family('flat', [engine('elanus FLAT', true, [['one query', 1, 50], ['batch', 1, 500]]), engine('other', false, [['one query', 1, 10]])]))]);
    checkXml(svg);
    const widths = [...svg.matchAll(/<rect x="150" y="[^"]+" width="([^"]+)"/g)].map(([, w]) => Number(w));
    expect(widths).toHaveLength(3);
    expect(widths[1]! / widths[0]!).toBeCloseTo(0.2, 2);
    expect(Math.max(...widths) + 150).toBeLessThan(620);
  });

  it('are drawn beside and below each other', () => {
    const svg = drawPanels([panelOf(graph), panelOf(graph), panelOf(graph)], { columns: 2 });
    checkXml(svg);
    expect(svg).toContain('viewBox="0 0 1240 828"');
    expect(svg).toContain('translate(0 400)');
  });

  it('are drawn even when nothing is worth showing', () => {
    checkXml(drawPanels([panelOf(family('graph', [engine('hopeless', false, [['ef 10', 0.2, 10]])]))]));
  });
});

describe('axes and labels', () => {
  it('place equal factors of misses equally far apart', () => {
    const axis = recallAxis([0.91, 0.9987]);
    expect(axis.ticks.map(({ at }) => at)).toEqual([0.9, 0.95, 0.98, 0.99, 0.995, 0.999]);
    expect(axis.place(0.9)).toBe(0);
    expect(axis.place(0.99)).toBeCloseTo(0.5, 10);
    expect(axis.place(0.999)).toBeCloseTo(1, 10);
    expect(axis.place(1)).toBeCloseTo(1, 10);
    expect(axis.place(0.1)).toBe(0);
  });

  it('put a logarithmic axis around its values', () => {
    const axis = logAxis('QPS', [130, 4300]);
    expect(axis.ticks.map(({ at }) => at)).toEqual([100, 200, 500, 1000, 2000, 5000]);
    expect(axis.place(Math.sqrt(100 * 5000))).toBeCloseTo(0.5, 10);
    expect(logAxis('QPS', [200, 200]).ticks.length).toBeGreaterThan(1);
  });

  it('move labels apart and keep their order', () => {
    expect(spread([10, 12, 50], 15, 0, 100)).toEqual([10, 25, 50]);
    expect(spread([98, 99], 15, 0, 100)).toEqual([85, 100]);
    expect(spread([], 15, 0, 100)).toEqual([]);
  });

  it('shorten numbers', () => {
    expect([950, 1000, 20_000, 123_456, 2_500_000, 0.25].map(short)).toEqual(['950', '1 k', '20 k', '123 k', '2.5 M', '0.25']);
  });

  it('escape what XML must not have', () => {
    expect(escapeXml(`<&>"'`)).toBe('&lt;&amp;&gt;&quot;&apos;');
  });
});
