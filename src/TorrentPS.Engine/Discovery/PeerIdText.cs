using System.Text;

namespace TorrentPS.Engine.Discovery;

/// <summary>Peer ids (BEP 20) as text.</summary>
internal static class PeerIdText
{
    /// <summary>Printable ASCII as it is, everything else and '%' itself as %XX.</summary>
    public static string Escape(ReadOnlySpan<byte> peerId)
    {
        var text = new StringBuilder(peerId.Length * 3);
        foreach (byte value in peerId)
        {
            if (value is > 0x20 and < 0x7f and not (byte)'%')
                text.Append((char)value);
            else
                text.Append('%').Append(value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }
}
