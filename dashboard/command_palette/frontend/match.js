// Which of many names somebody means by a few letters. Nothing here knows the page.

const WHOLE = 100; // a word that stands there as it was typed
const PARTLY = 50; // its letters in order, close together
const SPREAD = 2; // times the word's length that its letters may be spread over

/** Text as it is compared: without case and accents. */
export const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const isWordStart = (text, at) => at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1]);

/** How well all words of a query fit a folded text; 0 if one of them does not. */
export function fit(query, text) {
  let sum = 0;
  for (const word of folded(query).split(/\s+/).filter(Boolean)) {
    const own = fitOfWord(word, text);
    if (!own) return 0;
    sum += own;
  }
  // Of two that hold the words the shorter is meant.
  return sum && sum - Math.min(20, text.length / 10);
}

function fitOfWord(word, text) {
  let at = text.indexOf(word);
  if (at >= 0) {
    // The beginning of a word counts, wherever in the text it is.
    while (!isWordStart(text, at)) {
      const next = text.indexOf(word, at + 1);
      if (next < 0) return WHOLE;
      at = next;
    }
    return WHOLE + 30 + (isWordStart(text, at + word.length) || at + word.length === text.length ? 10 : 0);
  }
  if (word.length < 2) return 0;
  let best = 0;
  for (let start = text.indexOf(word[0]); start >= 0; start = text.indexOf(word[0], start + 1)) {
    let end = start;
    for (let k = 1; k < word.length && end >= 0; k++) end = text.indexOf(word[k], end + 1);
    if (end < 0) break; // nor from any later start
    const span = end - start + 1;
    if (span > SPREAD * word.length) continue;
    best = Math.max(best, PARTLY * (word.length / span) + (isWordStart(text, start) ? 20 : 0));
  }
  return best;
}

/** The best entries of a query, best first; of equal ones the order is kept. Each has `folded`, and `before`, which is added. */
export function ranked(entries, query, most) {
  return entries
    .map((entry) => [fit(query, entry.folded), entry])
    .filter(([value]) => value > 0)
    .sort((a, b) => b[0] + b[1].before - (a[0] + a[1].before))
    .slice(0, most)
    .map(([, entry]) => entry);
}
