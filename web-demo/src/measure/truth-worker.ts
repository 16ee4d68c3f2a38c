/** Scans off the page's thread: a hundred exact answers take seconds. */
import { exactAnswers } from './truth.ts';
import type { TruthReply, TruthRequest } from './truth-messages.ts';

const scope = globalThis as unknown as { onmessage: ((event: MessageEvent<TruthRequest>) => void) | null; postMessage(reply: TruthReply): void };

scope.onmessage = ({ data: { matrix, metric, k, queries } }) => {
  const answers = [];
  for (const answer of exactAnswers(matrix, metric, k, queries)) {
    answers.push(answer);
    if (answers.length % 5 === 0) scope.postMessage({ done: answers.length });
  }
  scope.postMessage({ answers });
};
