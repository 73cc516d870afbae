// Orders from Python and echoes of the browser's own words, told apart.
//
// What was told to Python comes back with a later run, perhaps after more was told: obeying it
// would undo what the person did in between.

const KEPT = 50;

export class Echo {
  constructor() {
    this.given = null;
    this.told = [];
  }

  /** The browser tells this. */
  tell(text) {
    this.told.push(text);
    if (this.told.length > KEPT) this.told.shift();
  }

  /** Whether what a message says is to be obeyed; null says nothing. */
  isOrder(text) {
    if (text === this.given) return false;
    this.given = text;
    const at = this.told.indexOf(text);
    // An echo: what was told before it is answered, too.
    this.told = this.told.slice(at + 1);
    if (at >= 0) return false;
    this.told = [];
    return true;
  }
}
