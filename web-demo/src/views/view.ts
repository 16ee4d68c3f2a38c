import type { ComponentType } from 'preact';
import type { Dataset, ViewProps } from '../collections/dataset.ts';

/** One view of the chosen collection. Its state is in the URL's parameters. */
export interface View {
  /** In the URL: never rename. */
  readonly id: string;
  readonly title: string;
  /** Shows the same of every collection, and before it is open. */
  readonly isIndependent?: boolean;
  /** Loads the view's code when it is first shown, so that a heavy view costs the others nothing. */
  load(dataset: Dataset): Promise<ComponentType<ViewProps>>;
}
