import { Component, type FunctionComponent } from "preact";

/**
 * A component that is drawn again only when one of its properties is another one, such as a row while its list scrolls.
 *
 * @param isSame whether it would be drawn the same
 */
export function memo<P extends object>(
  Inner: FunctionComponent<P>,
  isSame: (before: Readonly<P>, next: Readonly<P>) => boolean = isShallowSame,
): new (
  properties: P,
) => Component<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      return !isSame(this.props, next);
    }

    override render() {
      return <Inner {...(this.props as P)} />;
    }
  };
}

/** Whether two objects have the same members. */
export function isShallowSame<T extends object>(one: T, other: T): boolean {
  const names = Object.keys({ ...one, ...other }) as (keyof T)[];
  return names.every((name) => one[name] === other[name]);
}
