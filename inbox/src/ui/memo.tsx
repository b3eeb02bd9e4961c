import { Component, type FunctionComponent } from "preact";

/** A component that is drawn again only when one of its properties is another one, such as a row while its list scrolls. */
export function memo<P extends object>(Inner: FunctionComponent<P>): new (properties: P) => Component<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const names = Object.keys({ ...this.props, ...next }) as (keyof P)[];
      return names.some((name) => next[name] !== this.props[name]);
    }

    override render() {
      return <Inner {...(this.props as P)} />;
    }
  };
}
