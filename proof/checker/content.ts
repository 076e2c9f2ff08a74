/** When two views of a Thing have the same content: Original holds `foo` as a 32-bit integer. */

/** What a write sets. */
interface Fields {
  readonly name: string;
  readonly foo: number;
}

export interface Content extends Fields {
  readonly createdOn: number;
  readonly updatedOn: number;
}

const INTEGER_MIN = -(2 ** 31);
const INTEGER_MAX = 2 ** 31 - 1;

/** The nearest integer, ties away from zero, clamped to 32 bits. The difference to the whole part is exact. */
export const fooInOriginal = (foo: number): number => {
  const whole = Math.trunc(foo);
  const nearest = Math.abs(foo - whole) < 0.5 ? whole : whole + Math.sign(foo);
  return Math.max(INTEGER_MIN, Math.min(INTEGER_MAX, nearest));
};

/** `later` came from `earlier`, perhaps through Original. Not symmetric: precision that Original loses does not come back. */
export const sameFields = (earlier: Fields, later: Fields): boolean =>
  earlier.name === later.name && (earlier.foo === later.foo || fooInOriginal(earlier.foo) === later.foo);

export const sameContent = (earlier: Content, later: Content): boolean =>
  sameFields(earlier, later) &&
  earlier.createdOn === later.createdOn &&
  earlier.updatedOn === later.updatedOn;
