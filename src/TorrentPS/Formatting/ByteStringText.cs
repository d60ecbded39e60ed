using System.ComponentModel;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Display;

namespace TorrentPS.Formatting;

/// <summary>Formats byte strings for people. For the views of the module; not meant for scripts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ByteStringText
{
    private const int ShownBytes = 32;

    /// <summary>The text; if it is not text, the first bytes and their number.</summary>
    /// <param name="value">The byte string.</param>
    public static string Show(ByteString value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.IsText)
            return SafeText.Escape(value.ToString());
        string hex = value.ToHex();
        return value.Length <= ShownBytes ? $"0x{hex}" : $"0x{hex.AsSpan(0, 2 * ShownBytes)}... ({value.Length} bytes)";
    }
}
