using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Bencoding;

/// <summary>
/// Converts bencoded data (BEP 3) to objects and back. Decoded data encodes to the same bytes, including binary keys and strings, integers of any size and unsorted keys.
/// Only data that is not bencoded, or has a duplicate key, is refused.
/// </summary>
public static class BencodeConvert
{
    /// <summary>The maximum number of digits of an integer, because the time to convert digits grows faster than their number.</summary>
    private const int MaxDigits = 4096;

    private static readonly BencodeReaderOptions s_limits = new() { MaxDepth = BencodeReaderOptions.GreatestDepth, AllowBigIntegers = true };
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes one value.</summary>
    /// <param name="data">The complete data, at most 64 MiB.</param>
    /// <returns>
    /// A <see cref="ByteString"/>; a <see cref="long"/>, or a <see cref="BigInteger"/> if that is too small; a list of <see cref="object"/>; or a <see
    /// cref="BencodeDictionary"/>.
    /// </returns>
    /// <exception cref="BencodeException">The data is not bencoded, has a duplicate key, or exceeds a limit; the exception has the byte offset.</exception>
    public static object Decode(ReadOnlySpan<byte> data)
    {
        BencodeReader reader = new(data, s_limits);
        reader.Read();
        object value = ReadValue(ref reader);

        // Bytes after the value are an error, which this finds.
        reader.Read();
        return value;
    }

    /// <summary>Encodes one value.</summary>
    /// <param name="value">
    /// Text, byte strings and byte arrays become strings; integers of any type, Booleans (1 and 0) and other numbers without a fraction become integers; dictionaries
    /// with text or byte keys become sorted dictionaries; other enumerations become lists.
    /// </param>
    /// <param name="unwrap">Returns the object that a wrapper contains, or null if the object is not a wrapper.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="TorrentException">The value, or a value inside it, cannot be bencoded; the message says where (InvalidBencode).</exception>
    public static byte[] Encode(object? value, Func<object?, object?>? unwrap = null)
    {
        ArrayBufferWriter<byte> output = new(256);
        new Encoder(new BencodeWriter(output), unwrap ?? (static item => item)).Write(value);
        return output.WrittenSpan.ToArray();
    }

    private static object ReadValue(ref BencodeReader reader)
    {
        switch (reader.TokenType)
        {
            case BencodeTokenType.Integer:
                return reader.TryGetInt64(out long integer) ? integer : (object)ReadBigInteger(ref reader);
            case BencodeTokenType.String:
                return new ByteString(reader.ValueSpan);
            case BencodeTokenType.StartList:
                BencodeList list = [];
                while (reader.Read() && reader.TokenType != BencodeTokenType.EndList)
                    list.Add(ReadValue(ref reader));
                return list;
            default:
                return ReadDictionary(ref reader);
        }
    }

    private static BigInteger ReadBigInteger(ref BencodeReader reader)
    {
        if (reader.ValueSpan.Length > MaxDigits)
            throw new BencodeException($"An integer has {reader.ValueSpan.Length} digits, more than the {MaxDigits} allowed", reader.TokenStart);
        return BigInteger.Parse(Encoding.ASCII.GetString(reader.ValueSpan), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    private static BencodeDictionary ReadDictionary(ref BencodeReader reader)
    {
        List<(object Key, object Value)> entries = [];
        HashSet<object> keys = [];
        ReadOnlySpan<byte> last = default;
        bool isSorted = true;
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            ReadOnlySpan<byte> bytes = reader.ValueSpan;
            object key = BencodeDictionary.KeyOf(bytes);
            if (!keys.Add(key))
                throw new BencodeException($"The key '{key}' comes twice in a dictionary", reader.TokenStart);
            isSorted &= entries.Count == 0 || last.SequenceCompareTo(bytes) < 0;
            last = bytes;
            reader.Read();
            entries.Add((key, ReadValue(ref reader)));
        }

        BencodeDictionary dictionary = new() { KeepsOrder = !isSorted };
        foreach ((object key, object value) in entries)
            dictionary.Add(key, value);
        return dictionary;
    }

    private sealed class Encoder(BencodeWriter writer, Func<object?, object?> unwrap)
    {
        // The path to the current value, from the outside in, for messages.
        private readonly Stack<string> _path = new();

        public void Write(object? wrapped)
        {
            object? value = unwrap(wrapped);
            if (TryGetBytes(value, out byte[] bytes))
                writer.WriteString(bytes);
            else if (TryGetInteger(value, out BigInteger integer))
                WriteInteger(integer);
            else if (value is IEnumerable && _path.Count >= BencodeReaderOptions.GreatestDepth)
                throw Fault($"lies more than {BencodeReaderOptions.GreatestDepth} deep, or in itself");
            else if (value is IDictionary dictionary)
                WriteDictionary(dictionary);
            else if (value is IEnumerable list)
                WriteList(list);
            else
                throw Fault(value is null ? "is null, which bencoded data does not have; leave it out" : $"is a {value.GetType()}, which bencoded data does not have; make it a string, a number, a list or a dictionary");
        }

        private void WriteInteger(BigInteger integer)
        {
            // The bits first: the limit exists to avoid counting the digits of a huge number.
            if (integer.GetBitLength() > 4 * MaxDigits || integer.ToString(CultureInfo.InvariantCulture).Length > MaxDigits)
                throw Fault($"has more than {MaxDigits} digits");
            writer.WriteInteger(integer);
        }

        private void WriteList(IEnumerable list)
        {
            writer.WriteStartList();
            int index = 0;
            foreach (object? item in list)
            {
                _path.Push($"[{index++}]");
                Write(item);
                _path.Pop();
            }

            writer.WriteEndList();
        }

        private void WriteDictionary(IDictionary dictionary)
        {
            List<(ByteString Key, object? Value)> entries = new(dictionary.Count);
            foreach (DictionaryEntry entry in dictionary)
            {
                object? key = unwrap(entry.Key);
                if (!TryGetBytes(key, out byte[] bytes))
                    throw Fault($"has the key '{key}', which is a {key?.GetType()}; keys are strings or bytes");
                entries.Add((new ByteString(bytes), entry.Value));
            }

            bool keepsOrder = dictionary is BencodeDictionary { KeepsOrder: true };
            if (!keepsOrder)
                entries.Sort((a, b) => a.Key.CompareTo(b.Key));
            writer.WriteStartDictionary(allowAnyOrder: keepsOrder);
            for (int i = 0; i < entries.Count; i++)
            {
                if (i > 0 && entries[i].Key == entries[i - 1].Key)
                    throw Fault($"has the key '{entries[i].Key}' twice");
                writer.WriteKey(entries[i].Key.Span);
                _path.Push($".{entries[i].Key}");
                Write(entries[i].Value);
                _path.Pop();
            }

            writer.WriteEndDictionary();
        }

        private bool TryGetBytes(object? value, out byte[] bytes)
        {
            switch (value)
            {
                case string text:
                    bytes = Utf8Of(text);
                    return true;
                case char character:
                    bytes = Utf8Of(character.ToString());
                    return true;
                case Uri uri:
                    bytes = Utf8Of(uri.OriginalString);
                    return true;
                case ByteString byteString:
                    bytes = byteString.Bytes;
                    return true;
                case byte[] array:
                    bytes = array;
                    return true;
                case ReadOnlyMemory<byte> memory:
                    bytes = memory.ToArray();
                    return true;
                default:
                    bytes = [];
                    return false;
            }
        }

        private byte[] Utf8Of(string text)
        {
            try
            {
                return s_strictUtf8.GetBytes(text);
            }
            catch (EncoderFallbackException)
            {
                throw Fault("has half of a surrogate pair, which UTF-8 does not have; give the bytes");
            }
        }

        private bool TryGetInteger(object? value, out BigInteger integer)
        {
            integer = value switch
            {
                BigInteger big => big,
                ulong unsigned => unsigned,
                float or double or decimal => Whole(value),
                bool flag => flag ? 1 : 0,
                Enum named => named.GetTypeCode() == TypeCode.UInt64 ? Convert.ToUInt64(named, CultureInfo.InvariantCulture) : Convert.ToInt64(named, CultureInfo.InvariantCulture),
                sbyte or byte or short or ushort or int or uint or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
                Int128 or UInt128 => BigInteger.Parse(value.ToString()!, CultureInfo.InvariantCulture),
                _ => default,
            };
            return value is BigInteger or ulong or float or double or decimal or bool or Enum or sbyte or byte or short or ushort or int or uint or long or Int128 or UInt128;
        }

        private BigInteger Whole(object value)
        {
            bool isWhole = value is decimal exact ? decimal.IsInteger(exact) : double.IsInteger(Convert.ToDouble(value, CultureInfo.InvariantCulture));
            if (!isWhole)
                throw Fault($"is {Convert.ToString(value, CultureInfo.InvariantCulture)}; bencoded data has only whole numbers");
            return value is decimal number ? new BigInteger(number) : new BigInteger(Convert.ToDouble(value, CultureInfo.InvariantCulture));
        }

        private TorrentException Fault(string fault)
        {
            string where = string.Concat(_path.Reverse()).TrimStart('.');
            string shown = where.Length > 200 ? $"{where[..200]}…" : where;
            return new TorrentException(TorrentErrorId.InvalidBencode, shown.Length == 0 ? $"The object {fault}." : $"'{shown}' {fault}.");
        }
    }
}
