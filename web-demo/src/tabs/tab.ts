import type { ComponentType } from 'preact';

export type TabView = ComponentType<{ params: URLSearchParams }>;

/** One tab of the page. Its state is in the URL's parameters; what it needs of the database is in the session. */
export interface Tab {
  /** In the URL: never rename. */
  readonly id: string;
  readonly title: string;
  /** Loads the tab's code when it is first shown, so that a heavy tab costs the others nothing. */
  load(): Promise<TabView>;
}
