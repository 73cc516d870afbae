// Query strings as lists of their parts, each left as it was written: `~` and `+` stay.

export const parts = (search) => search.replace(/^\?/, "").split("&").filter(Boolean);

export const nameOf = (part) => part.split("=", 1)[0];

export const isOfEmbedding = (part) => nameOf(part).startsWith("embed");

/** Parts of two queries: of one name the second's counts, and an empty one is left out. */
export function merged(first, second) {
  const named = new Map([...first, ...second].map((part) => [nameOf(part), part]));
  return [...named].filter(([name, part]) => part.length > name.length + 1).map(([, part]) => part);
}
