import { Component } from 'preact';
import type { ComponentType } from 'preact';
import type { CardProps } from '../../collections/dataset.ts';

/** A card that is rendered again for another row only: the map around it changes many times a second, and cards may draw pictures. */
export class EntityCard extends Component<CardProps & { readonly Card: ComponentType<CardProps> }> {
  override shouldComponentUpdate({ entity, Card }: Readonly<CardProps & { Card: ComponentType<CardProps> }>): boolean {
    return entity !== this.props.entity || Card !== this.props.Card;
  }

  render() {
    const { Card, entity, compact } = this.props;
    return <Card entity={entity} compact={compact} />;
  }
}
