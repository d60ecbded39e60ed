namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Where a connection's packets go.</summary>
internal interface IUtpOutput
{
    /// <summary>Sends packets that lie one after the other.</summary>
    /// <param name="packets">The packets.</param>
    /// <param name="length">The length of each but the last, which may be shorter.</param>
    /// <param name="isProbe">Whether it is one that must not be fragmented.</param>
    /// <returns>False when it is a probe and too long for this machine's own network.</returns>
    bool Send(ReadOnlySpan<byte> packets, int length, bool isProbe);
}
