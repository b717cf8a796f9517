// Programs in links: #program=… as it is, or, where that is shorter, #packed=… compressed.

// No program is longer, in characters; a link that unpacks to more than that is none of ours.
export const LONGEST = 200_000;

const encoder = new TextEncoder();

// A fragment with the program and with other settings, such as the view.
export async function fragmentOf(program, settings = {}) {
  const parts = Object.entries(settings).map(([name, text]) => `${name}=${encodeURIComponent(text)}`);
  const plain = `program=${encodeURIComponent(program)}`;
  const packed = globalThis.CompressionStream ? `packed=${base64(await through(encoder.encode(program), new CompressionStream("deflate-raw")))}` : plain;
  return `#${[...parts, packed.length < plain.length ? packed : plain].join("&")}`;
}

// The settings in a fragment, with the program among them if there is one; throws for a link that is damaged.
export async function settingsOf(fragment) {
  const settings = {};
  for (const part of fragment.replace(/^#/, "").split("&").filter(Boolean)) {
    const [, name, text] = part.match(/^([^=]*)=?(.*)$/s);
    settings[name] = decodeURIComponent(text);
  }
  if (settings.packed !== undefined) {
    const bytes = await through(unbase64(settings.packed), new DecompressionStream("deflate-raw"));
    settings.program = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  }
  if ((settings.program ?? "").length > LONGEST) throw new RangeError("too long");
  return settings;
}

async function through(bytes, stream) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let room = 4 * LONGEST; // a character has 4 bytes at most
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    room -= value.length;
    if (room < 0) {
      reader.cancel();
      throw new RangeError("too long");
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

function unbase64(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
}
