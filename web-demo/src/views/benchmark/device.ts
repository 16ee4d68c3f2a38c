/** What the page can tell of the device that it runs on. */

export interface Device {
  readonly userAgent: string;
  /** `Chromium 150`; empty where the browser does not say. */
  readonly brands: readonly string[];
  readonly platform: string | null;
  readonly mobile: boolean | null;
  readonly hardwareConcurrency: number | null;
  /** As the browser says it: rounded, and at most 8 or 32. */
  readonly deviceMemoryGB: number | null;
  /** The least step of the clock that was seen, in milliseconds. */
  readonly clockMs: number;
}

interface Hints {
  readonly userAgentData?: { readonly brands: readonly { readonly brand: string; readonly version: string }[]; readonly platform: string; readonly mobile: boolean };
  readonly deviceMemory?: number;
}

export function deviceOf(): Device {
  const { userAgent, hardwareConcurrency, userAgentData, deviceMemory } = navigator as Navigator & Hints;
  return {
    userAgent,
    // Browsers add a name that nobody has, against those who look for names.
    brands: userAgentData?.brands.filter(({ brand }) => !/not.?a.?brand/i.test(brand.replace(/[^a-z]/gi, ''))).map(({ brand, version }) => `${brand} ${version}`) ?? [],
    platform: userAgentData?.platform ?? null,
    mobile: userAgentData?.mobile ?? null,
    hardwareConcurrency: hardwareConcurrency ?? null,
    deviceMemoryGB: deviceMemory ?? null,
    clockMs: clockStep(),
  };
}

/** The least of some steps. */
function clockStep(): number {
  let least = Infinity;
  for (let step = 0; step < 5; step++) {
    const from = performance.now();
    let to = from;
    // A clock that stands still would keep the page.
    for (let look = 0; to === from && look < 1e6; look++) to = performance.now();
    if (to > from) least = Math.min(least, to - from);
  }
  return Number.isFinite(least) ? Math.round(least * 1e4) / 1e4 : NaN;
}
