// A WebM file of one silent video track, whole in memory, so that its length and its key frames are
// known at its beginning and any player can seek. Matroska: RFC 9559, EBML: RFC 8794.

const TICKS_PER_SECOND = 1000; // the customary unit of time in WebM, one millisecond

/**
 * @param track {codec: "V_VP9" or "V_VP8", width, height, rate: frames per second}
 * @param frames [{data: Uint8Array, key: boolean}], all of equal length in time, the first one key
 * @returns Uint8Array
 */
export function composeWebm({ codec, width, height, rate }, frames) {
  const tick = (frame) => Math.round((frame * TICKS_PER_SECOND) / rate);
  const info = element(0x1549a966,
    element(0x2ad7b1, whole(1e9 / TICKS_PER_SECOND)),
    element(0x4489, float((frames.length * TICKS_PER_SECOND) / rate)),
    element(0x4d80, text("Cortiscope")),
    element(0x5741, text("Cortiscope")));
  const video = element(0xe0, element(0xb0, whole(width)), element(0xba, whole(height)));
  const tracks = element(0x1654ae6b, element(0xae,
    element(0xd7, whole(1)), // number
    element(0x73c5, whole(1)), // identity
    element(0x83, whole(1)), // video
    element(0x9c, whole(0)), // no lacing
    element(0x86, text(codec)),
    element(0x23e383, whole(Math.round(1e9 / rate))),
    video));
  const clusters = clustersOf(frames, tick);
  // Where a cluster begins depends on the length of this list, which depends on no value in it.
  const cues = (head) => {
    let place = head;
    return element(0x1c53bb6b, ...clusters.map(({ start, bytes }) => {
      const cue = element(0xbb, element(0xb3, whole(start)),
        element(0xb7, element(0xf7, whole(1)), element(0xf1, whole(place))));
      place += bytes.length;
      return cue;
    }));
  };
  const before = info.length + tracks.length;
  const index = cues(before + cues(0).length);
  const head = element(0x1a45dfa3,
    element(0x4286, whole(1)), element(0x42f7, whole(1)), element(0x42f2, whole(4)), element(0x42f3, whole(8)),
    element(0x4282, text("webm")), element(0x4287, whole(2)), element(0x4285, whole(2)));
  return join(head, element(0x18538067, info, tracks, index, ...clusters.map(({ bytes }) => bytes)));
}

/** A cluster for each key frame and what follows it: [{start in ticks, bytes}]. */
function clustersOf(frames, tick) {
  const groups = [];
  frames.forEach(({ data, key }, i) => {
    // A block's time is a 16-bit number from its cluster's.
    if (key || tick(i) - groups.at(-1).start > 0x7fff) groups.push({ start: tick(i), blocks: [] });
    const { start, blocks } = groups.at(-1);
    const time = tick(i) - start;
    blocks.push(element(0xa3, Uint8Array.of(0x81, time >> 8, time & 0xff, key ? 0x80 : 0), data));
  });
  return groups.map(({ start, blocks }) => ({
    start, bytes: element(0x1f43b675, element(0xe7, whole(start)), ...blocks),
  }));
}

/** An element: its name, the length of its content in eight bytes, its content. */
function element(name, ...content) {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, (1n << 56n) | BigInt(length));
  return join(bytesOf(name), size, ...content);
}

/** The bytes of a name, which tells its own length. */
function bytesOf(name) {
  const bytes = [];
  for (let rest = name; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

/** An unsigned number in eight bytes. */
function whole(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function float(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

const text = (value) => new TextEncoder().encode(value);

function join(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
