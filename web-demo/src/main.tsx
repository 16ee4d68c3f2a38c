import { render } from 'preact';
import { App } from './app.tsx';
import { prepareOwn } from './collections/own/own.ts';
import { start } from './session/database.ts';
import './style/base.css';
import './style/frame.css';

render(<App />, document.getElementById('app')!);
prepareOwn();
void start();
