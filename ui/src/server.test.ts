import { expect, it } from 'vitest';
import { isInsecure, shortServer } from './server';

it.each([
  'http://calls.example.org',
  'HTTP://192.168.1.4:8000',
  'http://127.0.0.1.example.org',
  'http://[2001:db8::1]:80/',
])('warns of %s', (server) => {
  expect(isInsecure(server)).toBe(true);
});

it.each([
  'https://calls.example.org',
  'http://127.0.0.1:8000',
  'http://localhost',
  'http://[::1]:8000',
  'a.example',
  'http://',
  '',
])('is content with %j', (server) => {
  expect(isInsecure(server)).toBe(false);
});

it('shortens an address to what people say', () => {
  expect(shortServer('https://calls.example.org/')).toBe('calls.example.org');
});
