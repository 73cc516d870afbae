// Reads the byte layout of container.py: uint32 length | JSON | arrays at multiples of four bytes.

const TYPES = {
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
};

/** Return {header, arrays} of a Uint8Array or ArrayBuffer. */
export function unpack(source) {
  let bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source;
  // Streamlit hands over a window into its own message, at any address: typed arrays need four.
  if (bytes.byteOffset % 4 !== 0) bytes = bytes.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const start = 4 + length;
  if (start > bytes.byteLength) throw new Error("not a cortex file");
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  const arrays = {};
  for (const [name, type, offset, count] of header.arrays) {
    arrays[name] = new TYPES[type](bytes.buffer, bytes.byteOffset + start + offset, count);
  }
  return { header, arrays };
}
