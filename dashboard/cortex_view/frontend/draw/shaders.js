// The shaders. A triangle that a ROI's border crosses is drawn by BORDER: every corner knows all three
// vertices, so that the border is where it is, on the line half way between a member and a
// non-member; categories and angles, which do not blend, are drawn that way throughout. All other
// triangles are drawn by INNER, with every vertex worked out once.

const PLACING = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;

uniform highp sampler2DArray positions; // mm; one layer per surface
uniform highp sampler2DArray normals; // xyz, and sulcal depth in w
uniform highp sampler2D values; // value, 1 where it is one, reliability; all 0 without data
uniform int surface;
uniform float share; // between this surface and the next
uniform vec3 centre;
uniform mat3 rotation;
uniform vec2 anchor; // mm
uniform vec2 scale; // clip units per mm
uniform vec2 offset; // clip units

// The two programs' triangles share edges: the same vertex must come to the same place in both.
invariant gl_Position;
out vec3 normal;
out float depth;

ivec2 at(uint i) { return ivec2(int(i & 255u), int(i >> 8u)); }

vec3 onSurface(int layer, ivec2 texel) { return texelFetch(positions, ivec3(texel, layer), 0).xyz; }

void place(ivec2 texel) {
  vec4 n = texelFetch(normals, ivec3(texel, surface), 0);
  vec3 p = onSurface(surface, texel);
  depth = n.w;
  // At rest on a surface there is nothing to mix: two fetches fewer.
  if (share > 0.0) {
    n = mix(n, texelFetch(normals, ivec3(texel, surface + 1), 0), share);
    p = mix(p, onSurface(surface + 1, texel), share);
  }
  normal = rotation * n.xyz;
  p = rotation * (p - centre);
  gl_Position = vec4((p.xy + anchor) * scale + offset, -p.z / 400.0, 1.0);
}
`;

const COLOURING = `#version 300 es
precision highp float;
precision highp int;

in vec3 normal;
in float depth;

uniform highp sampler2D table; // one row: the colour table
uniform vec2 range;
uniform vec2 hidden; // values strictly between are not shown
uniform float opacity; // of the data over the cortex
uniform vec2 reliable; // from faint to solid
uniform bool plain; // colours as in the table: no light, no sulci, no lines
uniform vec3 gyri;
uniform vec3 sulci;
uniform vec3 grey;

out vec4 colour;

// Where less than half of the fragment's weight is data the cortex shows; a sharp, smooth edge.
float edgeOf(float weight, float slope) {
  return clamp((weight - 0.5) / max(slope, 1e-6) + 0.5, 0.0, 1.0);
}

// How solid the data lie over the cortex.
float amountOf(float value, float edge, float certainty) {
  float solid = clamp((certainty - reliable.x) / (reliable.y - reliable.x), 0.0, 1.0);
  return value > hidden.x && value < hidden.y ? 0.0 : edge * opacity * solid;
}

int entryOf(float value) {
  return int(clamp((value - range.x) / (range.y - range.x), 0.0, 1.0) * 255.0 + 0.5);
}

// Sets the colour but for lines; false where these have no place.
bool paint(int entry, float amount) {
  vec3 data = texelFetch(table, ivec2(entry, 0), 0).rgb;
  if (plain) {
    colour = vec4(mix(grey, data, amount), 1.0);
    return false;
  }
  if (!gl_FrontFacing) {
    colour = vec4(sulci * 0.55, 1.0);
    return false;
  }
  vec3 n = normalize(normal);
  float sulcus = smoothstep(0.22, 0.78, depth);
  vec3 cortex = mix(gyri, sulci, sulcus);
  vec3 rgb = mix(cortex, data * mix(1.03, 0.87, sulcus), amount);
  // Light from the camera, a little from above; matte, so it only ever takes away.
  float facing = clamp(n.z, 0.0, 1.0);
  float light = 0.56 + 0.46 * pow(facing, 0.8) + 0.07 * n.y * (1.0 - facing);
  colour = vec4(clamp(rgb * min(light, 1.04), 0.0, 1.0), 1.0);
  return true;
}
`;

export const INNER_VERTEX = `${PLACING}
out vec3 datum;

void main() {
  ivec2 texel = at(uint(gl_VertexID));
  place(texel);
  datum = texelFetch(values, texel, 0).xyz;
}`;

export const INNER_FRAGMENT = `${COLOURING}
in vec3 datum; // value and reliability, weighted by how much of the fragment is data

void main() {
  // Derivatives first: they are undefined inside branches.
  float slope = length(vec2(dFdx(datum.y), dFdy(datum.y)));
  // Only real values are averaged; what lies beyond the data never enters.
  float value = datum.x / max(datum.y, 1e-6);
  paint(entryOf(value), amountOf(value, edgeOf(datum.y, slope), datum.z / max(datum.y, 1e-6)));
}`;

export const BORDER_VERTEX = `${PLACING}
in uvec4 corner; // the triangle's three vertices, and which of them this is

uniform usampler2D masks; // which ROIs hold the vertex; what marks it

out vec3 bary;
flat out vec3 value;
flat out vec3 valid;
flat out vec3 trust;
flat out uvec3 mask0;
flat out uvec3 mask1;
flat out uvec3 mask2;

void main() {
  place(at(corner.w == 0u ? corner.x : corner.w == 1u ? corner.y : corner.z));
  bary = vec3(corner.w == 0u, corner.w == 1u, corner.w == 2u);
  vec3 a = texelFetch(values, at(corner.x), 0).xyz;
  vec3 b = texelFetch(values, at(corner.y), 0).xyz;
  vec3 c = texelFetch(values, at(corner.z), 0).xyz;
  value = vec3(a.x, b.x, c.x);
  valid = vec3(a.y, b.y, c.y);
  trust = vec3(a.z, b.z, c.z);
  mask0 = texelFetch(masks, at(corner.x), 0).xyz;
  mask1 = texelFetch(masks, at(corner.y), 0).xyz;
  mask2 = texelFetch(masks, at(corner.z), 0).xyz;
}`;

export const BORDER_FRAGMENT = `${COLOURING}
in vec3 bary;
flat in vec3 value;
flat in vec3 valid;
flat in vec3 trust;
flat in uvec3 mask0;
flat in uvec3 mask1;
flat in uvec3 mask2;

uniform int kind; // 1 categorical, 2 cyclic, else along a line
uniform vec3 halo;
uniform vec3 ink;
uniform vec3 accent;
uniform float pixel; // device pixels per CSS pixel
uniform uvec2 shown; // ROIs outlined
uniform uvec2 raised; // ROIs brought forward, of this hemisphere
uniform bool focused; // one is, of either
uniform vec3 roiColours[64];

// Coverage of a line of a half width, at a distance in device pixels.
float line(float distance, float halfWidth) {
  return clamp(halfWidth + 0.5 - distance, 0.0, 1.0);
}

void outline(uint bits, uint m0, uint m1, uint m2, uint front, int first, vec3 dx, vec3 dy,
             inout vec3 rgb) {
  for (int guard = 0; guard < 12 && bits != 0u; guard++) {
    uint low = bits & (~bits + 1u);
    bits &= bits - 1u;
    vec3 inside = vec3((m0 & low) != 0u, (m1 & low) != 0u, (m2 & low) != 0u);
    float slope = max(length(vec2(dot(inside, dx), dot(inside, dy))), 1e-9);
    float away = abs(dot(inside, bary) - 0.5) / slope;
    bool lifted = (front & low) != 0u;
    float halfWidth = (lifted ? 1.4 : 0.75) * pixel;
    int index = first + int(log2(float(low)) + 0.5);
    float strength = focused && !lifted ? 0.3 : 1.0;
    rgb = mix(rgb, halo, line(away, halfWidth + (lifted ? 1.6 : 0.9) * pixel) * 0.4 * strength);
    rgb = mix(rgb, roiColours[index], line(away, halfWidth) * strength);
  }
}

// The border of what a mark's bit holds, in dashes of two colours over a halo.
void rim(uint bit, vec3 first, vec3 second, vec3 dx, vec3 dy, inout vec3 rgb) {
  vec3 inside = vec3((mask0.z & bit) != 0u, (mask1.z & bit) != 0u, (mask2.z & bit) != 0u);
  if (inside.x == inside.y && inside.y == inside.z) return;
  float slope = max(length(vec2(dot(inside, dx), dot(inside, dy))), 1e-9);
  float away = abs(dot(inside, bary) - 0.5) / slope;
  float dash = mod(gl_FragCoord.x + gl_FragCoord.y, 9.0 * pixel) < 5.0 * pixel ? 1.0 : 0.0;
  rgb = mix(rgb, halo, line(away, 2.4 * pixel) * 0.8);
  rgb = mix(rgb, mix(second, first, dash), line(away, 1.25 * pixel));
}

void main() {
  vec3 dx = dFdx(bary);
  vec3 dy = dFdy(bary);
  float weight = dot(bary, valid);
  float slope = length(vec2(dot(valid, dx), dot(valid, dy)));
  float shownValue = dot(bary * valid, value) / max(weight, 1e-6);
  float certainty = dot(bary * valid, trust) / max(weight, 1e-6);
  float edge = edgeOf(weight, slope);
  int entry = entryOf(shownValue);
  if (kind == 2) {
    // Round the circle the short way: the others are measured from the first real value.
    float turn = range.y - range.x;
    float origin = valid.x > 0.0 ? value.x : valid.y > 0.0 ? value.y : value.z;
    vec3 off = value - origin;
    off -= turn * floor(off / turn + 0.5);
    shownValue = origin + dot(bary * valid, off) / max(weight, 1e-6);
    entry = min(255, int(fract((shownValue - range.x) / turn) * 256.0));
  } else if (kind == 1) {
    // Numbers of categories have no in-between: the nearest vertex decides.
    int nearest = bary.x >= bary.y && bary.x >= bary.z ? 0 : bary.y >= bary.z ? 1 : 2;
    shownValue = value[nearest];
    edge = valid[nearest];
    entry = int(floor(shownValue + 0.5)) & 255;
  }
  if (!paint(entry, amountOf(shownValue, edge, certainty))) return;
  vec3 rgb = colour.rgb;
  uvec2 any = (mask0.xy | mask1.xy | mask2.xy) & (shown | raised);
  uvec2 differ = any & ~(mask0.xy & mask1.xy & mask2.xy);
  if ((differ.x | differ.y) != 0u) {
    outline(differ.x, mask0.x, mask1.x, mask2.x, raised.x, 0, dx, dy, rgb);
    outline(differ.y, mask0.y, mask1.y, mask2.y, raised.y, 32, dx, dy, rgb);
  }
  uint marked = mask0.z | mask1.z | mask2.z;
  if (marked != 0u) {
    if ((marked & 2u) != 0u) rim(2u, accent, accent, dx, dy, rgb);
    // Dashes of ink and ground: told from a ROI's outline on every colour table.
    if ((marked & 1u) != 0u) rim(1u, ink, halo, dx, dy, rgb);
  }
  colour = vec4(clamp(rgb, 0.0, 1.0), 1.0);
}`;
