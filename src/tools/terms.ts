/**
 * From words to terms: words that are the same but for an English ending are one term. Light on purpose: it needs no dictionary, it does not hurt other
 * languages much, and what it misses the latent space finds by company. After Harman ("How effective is suffixing?", 1991) and steps 1a to
 * 1c of Porter ("An algorithm for suffix stripping", 1980).
 */

/** Words that say how a sentence is made, not what it is about. */
const STOP_WORDS: ReadonlySet<string> = /* @__PURE__ */ new Set((
  'a about after all also an and any are as at be because been before being between both but by can could did do does each for from had has have he her him his how i if in into is it its ' +
  'just may me more most my no nor not of on once only or other our out over own s same she should so some such t than that the their them then there these they this those through to too ' +
  'under until up use used uses using very via was we were what when where which while who whom why will with within without would you your'
).split(' '));

/** The term of a word from `eachWord`, a key that is compared and not shown; '' for a stop word. */
export function termOf(word: string): string {
  if (STOP_WORDS.has(word)) return '';
  return word.length > 3 && /^[a-z]+$/.test(word) ? folded(word) : word;
}

/** Games, gaming and game are one, as are libraries and library, cached, caching and caches, running and run. */
function folded(word: string): string {
  let stem = word;
  if (stem.endsWith('ies') && stem.length > 4) stem = stem.slice(0, -2);
  else if (/[^siu]s$/.test(stem)) stem = stem.slice(0, -1);
  const inflected = stem.endsWith('ing') ? stem.slice(0, -3) : stem.endsWith('ed') && !stem.endsWith('eed') ? stem.slice(0, -2) : stem;
  if (inflected !== stem && inflected.length >= 3 && /[aeiouy]/.test(inflected)) stem = inflected.replace(/([^aeioulsz])\1$/, '$1');
  if (stem.length > 3 && stem.endsWith('e')) stem = stem.slice(0, -1);
  return stem.length > 3 && stem.endsWith('y') ? `${stem.slice(0, -1)}i` : stem;
}
