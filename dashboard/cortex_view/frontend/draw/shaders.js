// The two shaders. Every corner of a triangle knows all three vertices of its triangle, so that a
// fragment can tell values between vertices from values beyond the data, and draw ROI borders
// where they are: on the line half way between a member and a non-member.

export const VERTEX = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;

in uvec4 corner; // the triangle's three vertices, and which of them this is

uniform highp sampler2DArray positions; // mm; one layer per surface
uniform highp sampler2DArray normals; // xyz, and sulcal depth in w
uniform highp sampler2D values; // value, 1 where it is one, reliability
uniform usampler2D masks; // which ROIs hold the vertex; what marks it
uniform int surface;
uniform float share; // between this surface and the next
uniform vec3 centre;
uniform mat3 rotation;
uniform vec2 anchor; // mm
uniform vec2 scale; // clip units per mm
uniform vec2 offset; // clip units

out vec3 bary;
out vec3 normal;
out float depth;
flat out vec3 value;
flat out vec3 valid;
flat out vec3 trust;
flat out uvec3 mask0;
flat out uvec3 mask1;
flat out uvec3 mask2;

ivec2 at(uint i) { return ivec2(int(i & 255u), int(i >> 8u)); }

vec3 place(int layer, ivec2 texel) { return texelFetch(positions, ivec3(texel, layer), 0).xyz; }

void main() {
  uint own = corner.w == 0u ? corner.x : corner.w == 1u ? corner.y : corner.z;
  ivec2 texel = at(own);
  vec4 n = texelFetch(normals, ivec3(texel, surface), 0);
  vec3 p = place(surface, texel);
  depth = n.w;
  // At rest on a surface there is nothing to mix: two fetches fewer.
  if (share > 0.0) {
    n = mix(n, texelFetch(normals, ivec3(texel, surface + 1), 0), share);
    p = mix(p, place(surface + 1, texel), share);
  }
  normal = rotation * n.xyz;
  p = rotation * (p - centre);
  gl_Position = vec4((p.xy + anchor) * scale + offset, -p.z / 400.0, 1.0);
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

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;

in vec3 bary;
in vec3 normal;
in float depth;
flat in vec3 value;
flat in vec3 valid;
flat in vec3 trust;
flat in uvec3 mask0;
flat in uvec3 mask1;
flat in uvec3 mask2;

uniform highp sampler2D table; // one row: the colour table
uniform vec2 range;
uniform vec2 hidden; // values strictly between are not shown
uniform int kind; // 1 categorical, 2 cyclic, else along a line
uniform float opacity; // of the data over the cortex
uniform vec2 reliable; // from faint to solid
uniform bool plain; // colours as in the table: no light, no sulci, no lines
uniform vec3 gyri;
uniform vec3 sulci;
uniform vec3 grey;
uniform vec3 halo;
uniform vec3 ink;
uniform vec3 accent;
uniform float pixel; // device pixels per CSS pixel
uniform uvec2 shown; // ROIs outlined
uniform uvec2 raised; // ROIs brought forward
uniform vec3 roiColours[64];

out vec4 colour;

// Coverage of a line of a half width, at a distance in device pixels.
float line(float distance, float halfWidth) {
  return clamp(halfWidth + 0.5 - distance, 0.0, 1.0);
}

void outline(uint bits, uint m0, uint m1, uint m2, uint front, int first, vec3 dx, vec3 dy,
             bool dimmed, inout vec3 rgb) {
  for (int guard = 0; guard < 12 && bits != 0u; guard++) {
    uint low = bits & (~bits + 1u);
    bits &= bits - 1u;
    vec3 inside = vec3((m0 & low) != 0u, (m1 & low) != 0u, (m2 & low) != 0u);
    float slope = max(length(vec2(dot(inside, dx), dot(inside, dy))), 1e-9);
    float away = abs(dot(inside, bary) - 0.5) / slope;
    bool lifted = (front & low) != 0u;
    float halfWidth = (lifted ? 1.4 : 0.75) * pixel;
    int index = first + int(log2(float(low)) + 0.5);
    float strength = dimmed && !lifted ? 0.3 : 1.0;
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
  // Derivatives first: they are undefined inside branches.
  vec3 dx = dFdx(bary);
  vec3 dy = dFdy(bary);
  float weight = dot(bary, valid);
  // Only real values are averaged; what lies beyond the data never enters.
  float shownValue = dot(bary * valid, value) / max(weight, 1e-6);
  bool categorical = kind == 1;
  if (kind == 2) {
    // Round the circle the short way: the others are measured from the first real value.
    float turn = range.y - range.x;
    float origin = valid.x > 0.0 ? value.x : valid.y > 0.0 ? value.y : value.z;
    vec3 off = value - origin;
    off -= turn * floor(off / turn + 0.5);
    shownValue = origin + dot(bary * valid, off) / max(weight, 1e-6);
  }
  if (categorical) {
    // Numbers of categories have no in-between: the nearest vertex decides.
    int nearest = bary.x >= bary.y && bary.x >= bary.z ? 0 : bary.y >= bary.z ? 1 : 2;
    shownValue = value[nearest];
    weight = valid[nearest];
  }
  float slope = length(vec2(dot(valid, dx), dot(valid, dy)));
  float edge = categorical ? weight : clamp((weight - 0.5) / max(slope, 1e-6) + 0.5, 0.0, 1.0);
  bool below = shownValue > hidden.x && shownValue < hidden.y;
  float amount = below ? 0.0 : edge * opacity;
  float certainty = dot(bary * valid, trust) / max(dot(bary, valid), 1e-6);
  amount *= clamp((certainty - reliable.x) / (reliable.y - reliable.x), 0.0, 1.0);

  float sulcus = smoothstep(0.22, 0.78, depth);
  float u = (shownValue - range.x) / (range.y - range.x);
  int entry = categorical ? int(floor(shownValue + 0.5)) & 255
            : kind == 2 ? min(255, int(fract(u) * 256.0))
            : int(clamp(u, 0.0, 1.0) * 255.0 + 0.5);
  vec3 data = texelFetch(table, ivec2(entry, 0), 0).rgb;
  if (plain) {
    colour = vec4(mix(grey, data, amount), 1.0);
    return;
  }
  vec3 n = normalize(normal);
  if (!gl_FrontFacing) {
    colour = vec4(sulci * 0.55, 1.0);
    return;
  }
  vec3 cortex = mix(gyri, sulci, sulcus);
  vec3 rgb = mix(cortex, data * mix(1.03, 0.87, sulcus), amount);
  // Light from the camera, a little from above; matte, so it only ever takes away.
  float facing = clamp(n.z, 0.0, 1.0);
  float light = 0.56 + 0.46 * pow(facing, 0.8) + 0.07 * n.y * (1.0 - facing);
  rgb *= min(light, 1.04);
  uvec2 any = (mask0.xy | mask1.xy | mask2.xy) & (shown | raised);
  uvec2 differ = any & ~(mask0.xy & mask1.xy & mask2.xy);
  if ((differ.x | differ.y) != 0u) {
    bool dimmed = (raised.x | raised.y) != 0u;
    outline(differ.x, mask0.x, mask1.x, mask2.x, raised.x, 0, dx, dy, dimmed, rgb);
    outline(differ.y, mask0.y, mask1.y, mask2.y, raised.y, 32, dx, dy, dimmed, rgb);
  }
  uint marked = mask0.z | mask1.z | mask2.z;
  if (marked != 0u) {
    if ((marked & 2u) != 0u) rim(2u, accent, accent, dx, dy, rgb);
    // Dashes of ink and ground: told from a ROI's outline on every colour table.
    if ((marked & 1u) != 0u) rim(1u, ink, halo, dx, dy, rgb);
  }
  colour = vec4(clamp(rgb, 0.0, 1.0), 1.0);
}`;
