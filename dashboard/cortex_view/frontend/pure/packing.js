// Whole numbers as short text: steps from one to the next, seven bits a byte, base64.
// selection.py reads them.

/** Ascending numbers take little more than a byte each. */
export function packNumbers(numbers) {
  const bytes = [];
  let before = 0;
  for (const number of numbers) {
    const step = number - before;
    before = number;
    let rest = step < 0 ? -2 * step - 1 : 2 * step;
    while (rest > 127) {
      bytes.push((rest & 127) | 128);
      rest >>>= 7;
    }
    bytes.push(rest);
  }
  return btoa(bytes.map((byte) => String.fromCharCode(byte)).join(""));
}
