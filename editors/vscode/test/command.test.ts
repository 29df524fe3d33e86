import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { serverCommand, type Choice } from '../src/command';

const folder = mkdtempSync(join(tmpdir(), 'asynclint-'));
after(() => rmSync(folder, { recursive: true }));

const bin = join(folder, '.venv', 'bin');
const python = join(bin, 'python');
const beside = join(bin, process.platform === 'win32' ? 'asynclint.exe' : 'asynclint');
mkdirSync(bin, { recursive: true });
writeFileSync(join(folder, '.venv', 'pyvenv.cfg'), '');

const chosen = (choice: Partial<Choice>) => serverCommand({ path: '', interpreter: '', selected: '', folder, ...choice });

test('the one on PATH starts when nothing is chosen', () => {
  assert.deepEqual(chosen({}), { program: 'asynclint', args: ['server'], variables: {} });
});

test('the path that is set comes first', () => {
  assert.equal(chosen({ path: '/opt/asynclint', interpreter: python, selected: python }).program, '/opt/asynclint');
});

test('a path may be relative to the folder, to home, or a name', () => {
  assert.equal(chosen({ path: '.venv/bin/asynclint' }).program, join(bin, 'asynclint'));
  assert.equal(chosen({ path: '${workspaceFolder}/.venv/bin/asynclint' }).program, `${folder}/.venv/bin/asynclint`);
  assert.equal(chosen({ path: '~/bin/asynclint' }).program, `${homedir()}/bin/asynclint`);
  assert.equal(chosen({ path: 'asynclint-3.13' }).program, 'asynclint-3.13');
});

test('the interpreter that is set runs the module, and imports nothing from the folder', () => {
  const command = chosen({ interpreter: python, selected: '/usr/bin/python3' });
  assert.deepEqual([command.program, ...command.args], [python, '-P', '-m', 'asynclint', 'server']);
});

test('the selected environment is the active one, and its own asynclint is taken if there is one', () => {
  const variables = { VIRTUAL_ENV: join(folder, '.venv') };
  assert.deepEqual(chosen({ selected: python }), { program: 'asynclint', args: ['server'], variables });
  writeFileSync(beside, '');
  assert.deepEqual(chosen({ selected: python }), { program: beside, args: ['server'], variables });
});
