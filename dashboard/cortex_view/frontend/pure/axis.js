// The colour bar as an axis: how far it reaches, how the values lie on it, what its handles do.

const STEPS = 200; // a range's ends stay one step apart

/** [low, high] that holds the values, the range given and the range chosen. */
export function axisOf(maps, given, chosen, symmetric) {
  let [low, high] = [Math.min(given[0], chosen[0]), Math.max(given[1], chosen[1])];
  for (const values of maps) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (!symmetric) return [low, high];
  const size = Math.max(-low, high);
  return [-size, size];
}

/** Counts of the values in equal bins along an axis. */
export function histogram(maps, [low, high], bins) {
  const counts = new Float64Array(bins);
  for (const values of maps) {
    for (const value of values) {
      if (!(value >= low && value <= high)) continue;
      counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))] += 1;
    }
  }
  return counts;
}

/** The handles of a kind of scale, with their values: {low, high, below, above}. */
export function handlesOf({ kind, range, hidden }) {
  if (kind === "categorical" || kind === "cyclic") return {};
  if (kind === "diverging") {
    const [below, above] = hidden || [0, 0];
    return { low: range[0], below, above, high: range[1] };
  }
  return { low: range[0], above: hidden ? hidden[1] : range[0], high: range[1] };
}

/**
 * What moving a handle to a value chooses: {range} or {threshold}. On a diverging scale both
 * sides move together; `alone` moves one side of the threshold only. The range stays symmetric.
 */
export function moveHandle(name, value, { kind, range, hidden }, [low, high], alone = false) {
  const step = (high - low) / STEPS;
  const at = Math.min(high, Math.max(low, value));
  if (kind === "diverging") {
    if (name === "low" || name === "high") {
      const size = Math.max(step, name === "low" ? -at : at);
      return { range: [-size, size] };
    }
    const size = Math.max(0, name === "below" ? -at : at);
    if (!alone) return { threshold: size < step / 2 ? 0 : size };
    const [below, above] = hidden || [0, 0];
    return { threshold: name === "below" ? [-size, above] : [below, size] };
  }
  if (name === "low") return { range: [Math.min(at, range[1] - step), range[1]] };
  if (name === "high") return { range: [range[0], Math.max(at, range[0] + step)] };
  return { threshold: at <= Math.max(low, range[0]) + step / 2 ? 0 : at };
}
