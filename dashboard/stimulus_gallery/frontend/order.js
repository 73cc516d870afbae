// The pictures in order, kept as runs: position -> (split, number) and back without a list.

export class Order {
  constructor(splits, runs, roles) {
    this.splits = splits;
    this.runs = [];
    let from = 0;
    for (let i = 0; i < runs.length; i += 3) {
      const [split, first, n] = [splits[runs[i]], runs[i + 1], runs[i + 2]];
      this.runs.push({ from, split, first, n });
      from += n;
    }
    this.length = from;
    this.roles = [];
    let place = 0;
    for (const [, letter, count] of roles.matchAll(/([a-z-])(\d*)/g)) {
      place += Number(count || 1);
      this.roles.push([place, letter]);
    }
  }

  at(position) {
    const run = this.runs[lowest(this.runs, ({ from, n }) => position < from + n)];
    return { split: run.split, number: run.first + position - run.from };
  }

  /** Position of a picture, or -1: the current one may have been filtered out. */
  find(split, number) {
    const run = this.runs.find((r) => r.split === split && number >= r.first && number < r.first + r.n);
    return run ? run.from + number - run.first : -1;
  }

  role(position) {
    const found = this.roles[lowest(this.roles, ([end]) => position < end)];
    return found ? found[1] : "-";
  }
}

/** First index for which a test holds, where it holds for all later ones too. */
function lowest(items, test) {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(items[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
