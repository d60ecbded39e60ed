namespace TorrentPS.Engine.Gateways;

/// <summary>A gateway maps no port. The message is part of a sentence.</summary>
/// <param name="message">Why.</param>
/// <param name="code">What it answered, where that was an error of its protocol; 0 for none.</param>
/// <param name="inner">What it is because of.</param>
internal sealed class GatewayException(string message, int code = 0, Exception? inner = null) : Exception(message, inner)
{
    public int Code => code;
}
