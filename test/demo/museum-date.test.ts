/** Dates as a museum writes them, read as years. The texts are of the data; the years were read by eye. */
import { describe, expect, it } from 'vitest';
import { readMuseumDate } from '../../scripts/sample/museum-date.mjs';

const CASES: readonly (readonly [string, number | null, number | null])[] = [
  ['1892', 1892, 1892],
  ['ca. 1850–60', 1850, 1860],
  ['1904–5', 1904, 1905],
  ['1897–98 (?)', 1897, 1898],
  ['1400 - 1700 CE', 1400, 1700],
  ['1495–1505', 1495, 1505],
  ['250–300', 250, 300],
  ['14–68 CE', 14, 68],
  ['A.D. 60–70', 60, 70],
  ['A.D. 140–190 probably', 140, 190],
  ['ca. 1150–ca. 1250', 1150, 1250],
  ['1796 or 1797', 1796, 1797],
  ['664–30 B.C.', -664, -30],
  ['1000–100 BCE', -1000, -100],
  ['ca. 5600–5000 BCE', -5600, -5000],
  ['27 BCE–68 CE', -27, 68],
  ['ca.400 B.C.–100 A.D.', -400, 100],
  ['200 BC–200 AD', -200, 200],
  ['18th century', 1700, 1799],
  ['18th–19th century?', 1700, 1899],
  ['1st century CE', 1, 99],
  ['5th–4th century B.C.', -499, -300],
  ['1st century BCE–1st century CE', -99, 99],
  ['664 BCE–1st century CE', -664, 99],
  ['16th and 18th centuries', 1500, 1799],
  ['early 17th century', 1600, 1632],
  ['mid-18th century', 1733, 1765],
  ['mid–3rd century CE', 233, 265],
  ['late 6th century BCE', -533, -500],
  ['Early to mid-19th century', 1800, 1865],
  ['mid to late 19th century', 1833, 1899],
  ['1st to mid-2nd century', 1, 165],
  ['17th–mid-18th century', 1600, 1765],
  ['early 17th–mid 17th century', 1600, 1665],
  ['late 16th, early 17th century', 1566, 1632],
  ['late 18th century–early 19th century', 1766, 1832],
  ['second half 13th–14th century', 1250, 1399],
  ['last quarter 11th or 12th century', 1075, 1199],
  ['probably 1st half of the 5th century BCE', -499, -450],
  ['last decade of the 1st century BCE', -9, -1],
  ['late 3rd millennium BCE', -2333, -2000],
  ['ca. 1820s', 1820, 1829],
  ['ca. 1160s–70s', 1160, 1179],
  ['late 1480s', 1486, 1489],
  ['late 1300s or early 1400s', 1366, 1432],
  ['before 1521', null, 1521],
  ['before 18th century', null, 1700],
  ['by 1818 (possibly 1814–18)', null, 1818],
  ['completed by 10 B.C.', null, -10],
  ['after 1890', 1890, null],
  ['after 1248–by 1267', 1248, 1267],
  ['ca. 1540–50 and later', 1540, 1550],
  ['November 1, 1799', 1799, 1799],
  ['1st month, 1861', 1861, 1861],
  ['dated 486 (10th year of Taihe reign)', 486, 486],
  ['dated 753 AH/1352 CE', 1352, 1352],
  ['dated by inscription to ca. 600', 600, 600],
  ['1477 (printing); 1478 (binding)', 1477, 1477],
  ['modeled ca. 1880, cast ca. 1910', 1880, 1880],
  ['A.D. 1921; original ca. 1479–1425 B.C.', 1921, 1921],
  ['armor, ca. 1623–30; spurs, early 17th century', 1623, 1630],
  ['Saddle: Muromachi period (1392–1573), dated 1491 (Entoku 3); lacquer decoration: Edo period (1615–1868), 17th century', 1491, 1491],
];

describe('the dates of artworks', () => {
  it.each(CASES)('%s', (text, from, to) => {
    expect(readMuseumDate(text)).toEqual({ from, to });
  });

  it('that name no time are null', () => {
    for (const text of ['', 'n.d.', 'Undated', 'modern?', 'century', '18th', '0', 'early', '–', 'late', 'B.C.']) expect(readMuseumDate(text)).toBeNull();
  });

  it('of any text end, in time and in order', () => {
    const words = ['18th', '1850', '60', 'century', 'early', 'mid-', 'late ', '–', ' to ', ', ', '; ', 'B.C.', 'CE', 'before ', 'after ', '1900s', '(', ')', 'ca. ', 'x'];
    let state = 12345;
    for (let i = 0; i < 3000; i++) {
      let text = '';
      for (let word = 0; word < 8; word++) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        text += words[(state >>> 16) % words.length] + ((state >>> 8) % 2 === 0 ? ' ' : '');
      }
      const span = readMuseumDate(text);
      if (span === null) continue;
      const { from, to } = span;
      expect(from !== null || to !== null, text).toBe(true);
      if (from !== null && to !== null) expect(from, text).toBeLessThanOrEqual(to);
    }
    expect(readMuseumDate(`${'early '.repeat(20_000)}18th century`)).toEqual({ from: 1700, to: 1732 });
  });
});
