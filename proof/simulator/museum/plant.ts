/** `node --import ./proof/simulator/museum/plant.ts …` with PLANTED_FAULT=name: plants that fault into whatever is loaded after. */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { relative } from 'node:path';
import type { PlantedFault } from './planted-fault.ts';

const name = process.env['PLANTED_FAULT'] ?? '';
const { fault } = (await import(`./faults/${name}.ts`)) as { fault: PlantedFault };
const root = fileURLToPath(new URL('../../../', import.meta.url));

const planted = (file: string, source: string): string => {
  let text = source;
  for (const piece of fault.replace.filter((one) => one.file === file)) {
    const parts = text.split(piece.text);
    if (parts.length !== 2)
      throw new Error(`${name}: ${file} has ${parts.length - 1} times, not once, the text\n${piece.text}`);
    text = parts.join(piece.by);
  }
  return text;
};

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (!url.startsWith('file:') || loaded.source == null) return loaded;
    const file = relative(root, fileURLToPath(url));
    if (!fault.replace.some((piece) => piece.file === file)) return loaded;
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
    return { ...loaded, source: planted(file, source) };
  },
});
