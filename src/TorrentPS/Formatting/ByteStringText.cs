using System.ComponentModel;
using System.Text;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Formatting;

/// <summary>Byte strings as people read them. For the views of the module; not meant for scripts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ByteStringText
{
    private const int ShownBytes = 32;

    /// <summary>The text; of what is none the first bytes and how many there are.</summary>
    /// <param name="value">The byte string.</param>
    public static string Show(ByteString value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.IsText)
            return Safe(value.ToString());
        string hex = value.ToHex();
        return value.Length <= ShownBytes ? $"0x{hex}" : $"0x{hex.AsSpan(0, 2 * ShownBytes)}... ({value.Length} bytes)";
    }

    // What comes out of a file does not steer the terminal.
    private static string Safe(string text)
    {
        if (!text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))
            return text;
        StringBuilder safe = new(text.Length);
        foreach (char c in text)
            safe.Append(char.IsControl(c) && c is not ('\n' or '\r' or '\t') ? '\uFFFD' : c);
        return safe.ToString();
    }
}
