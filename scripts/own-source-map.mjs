/**
 * A source map of our own files only. Node reads the whole map of each file that it loads, and with the packages that are
 * compiled into ours most of it would describe those. Format: https://tc39.es/ecma426, "mappings".
 */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE_OF = new Map([...DIGITS].map((digit, value) => [digit, value]));
const CONTINUES = 32;

/**
 * The same map, in which what comes from a foreign source comes from nowhere.
 * @param {{ readonly sources: readonly string[], readonly mappings: string }} map
 * @param {(source: string) => boolean} isForeign
 */
export function ownSourceMap(map, isForeign) {
  const foreign = map.sources.map(isForeign);
  const sources = map.sources.map((source, index) => (foreign[index] ? '' : source));
  // Source, its line and column, name: each is the difference to the one before it, in the whole file.
  const read = [0, 0, 0, 0];
  let written = [0, 0, 0, 0];
  const lines = map.mappings.split(';').map((line) => {
    let [readColumn, writtenColumn] = [0, 0];
    let nowhere = false;
    const kept = [];
    for (const segment of line === '' ? [] : line.split(',')) {
      const [column = 0, ...origin] = decoded(segment);
      readColumn += column;
      origin.forEach((difference, place) => {
        read[place] += difference;
      });
      const isOurs = origin.length > 0 && !foreign[read[0]];
      // Of a row of foreign segments the first says where ours end.
      if (!isOurs && nowhere) continue;
      nowhere = !isOurs;
      const place = read.slice(0, isOurs ? origin.length : 0);
      kept.push(encoded([readColumn - writtenColumn, ...place.map((value, index) => value - written[index])]));
      writtenColumn = readColumn;
      written = [...place, ...written.slice(place.length)];
    }
    return kept.join(',');
  });
  return { ...map, sources, mappings: lines.join(';') };
}

function decoded(segment) {
  const numbers = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = VALUE_OF.get(digit) ?? 0;
    value += (bits & (CONTINUES - 1)) << shift;
    shift += 5;
    if (bits & CONTINUES) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function encoded(numbers) {
  return numbers
    .map((number) => {
      let rest = number < 0 ? (-number << 1) | 1 : number << 1;
      let digits = '';
      do {
        const bits = rest & (CONTINUES - 1);
        rest >>>= 5;
        digits += DIGITS[rest > 0 ? bits | CONTINUES : bits];
      } while (rest > 0);
      return digits;
    })
    .join('');
}
