/** The same keys and arguments with any wording. */
export type Wording<T> = T extends (...args: infer A) => string
  ? (...args: A) => string
  : T extends string
    ? string
    : { [K in keyof T]: Wording<T[K]> };
