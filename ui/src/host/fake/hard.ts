/** What puts a layout to the test: long names, names without a space, text from right to left, long messages. */
import { line, user } from './made';

export const HARD_PEER = user(
  'maximiliana.von.hohenlohe-langen',
  'Maximiliana Alexandrine Freifrau von und zu Hohenlohe-Langenburg',
);

export const HARD_CONTACTS = [
  HARD_PEER,
  user('wolfeschlegelsteinhausenbergerd', 'Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren', 'in_call'),
  user('alkhwarizmi', 'محمد بن موسى الخوارزمي'),
  user('yonath', 'עדה יונת', 'offline'),
  user('yukawa', '湯川秀樹', 'in_call'),
  user('a1', '😀', 'offline'),
  ...Array.from({ length: 8 }, (_, at) => user(`guest-${at + 1}`, `Guest ${at + 1}`, 'offline')),
];

export const HARD_CHAT = [
  line(1, false, 'مرحبا، هل تسمعني جيدًا؟ (نعم/لا)'),
  line(2, true, 'שלום! אני שומעת אותך מצוין.'),
  line(3, false, 'One\nline\n\nafter another, and then\n    four spaces'),
  line(4, true, 'x'.repeat(240)),
  line(
    5,
    false,
    'A long message, as people write them who would rather write than talk. '.repeat(6) +
      'https://example.org/a/very/long/path/that/has/no/end/and/no/space?query=' +
      '0123456789'.repeat(8),
  ),
  line(6, true, '👍', 'sending'),
];
