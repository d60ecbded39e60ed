#Requires -Version 7.6
<#
.SYNOPSIS
Builds, tests and packs TorrentPS.
.DESCRIPTION
Build    lays out out/TorrentPS and out/cli
Test     runs all tests, including the Pester suite
Pester   runs only the Pester suite, or the files that -Path names, and writes out/TestResults/Pester.xml
Surface  updates the files that record the public surface of the engine, the module and torrentps, after an intended change
Docs     updates docs/en-US with the cmdlets' parameters, and fails if a text is missing
Package  writes out/packages: a zip of the module, a .nupkg of it for the PowerShell Gallery, and one of torrentps as a dotnet tool

The Pester suite runs with the PowerShell and Pester that the build restores as packages, as in `dotnet test`; the environment variable
TORRENTPS_PWSH names another pwsh. Only Docs needs PlatyPS; if it is not installed, it is downloaded from the PowerShell Gallery to out/modules.
.EXAMPLE
./build.ps1 Build, Test
.EXAMPLE
./build.ps1 Pester -Path tests/Pester/Get-TorrentInfo.Tests.ps1
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Pester', 'Surface', 'Docs', 'Package')]
    [string[]] $Task = @('Build', 'Test'),

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    # Test files for the task Pester; all by default.
    [string[]] $Path = (Join-Path $PSScriptRoot 'tests' 'Pester')
)

$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$out = Join-Path $PSScriptRoot 'out'
$module = Join-Path $out 'TorrentPS'
# The build puts Pester here.
$modules = Join-Path $out 'modules'

function Invoke-Native {
    # No declared parameters: they would bind the program's arguments.
    $program, $arguments = $args
    & $program @arguments
    if ($LASTEXITCODE -ne 0) {
        throw "'$args' ended with $LASTEXITCODE."
    }
}

function Get-SuitePowerShell {
    # The same as in `dotnet test`: the one in TORRENTPS_PWSH, or the one that the build restored; without either, this one.
    if ($env:TORRENTPS_PWSH) {
        return $env:TORRENTPS_PWSH
    }
    $assembly = & dotnet msbuild (Join-Path $PSScriptRoot 'tests' 'TorrentPS.Tests') '-getProperty:PowerShellAssembly'
    if ($assembly -and (Test-Path -LiteralPath $assembly)) {
        return 'dotnet', $assembly
    }
    & (Join-Path $PSScriptRoot 'tools' 'Get-PowerShellCommand.ps1')
}

function Invoke-NewPowerShell {
    # A module's assemblies stay loaded until the process ends, so the module is always imported in a separate process.
    param([Parameter(Mandatory)] [string[]] $Arguments)

    $saved = $env:PSModulePath
    $program, [string[]] $first = Get-SuitePowerShell
    try {
        $env:PSModulePath = $modules + [System.IO.Path]::PathSeparator + $saved
        Invoke-Native $program @first -NoProfile -NonInteractive @Arguments
    }
    finally {
        $env:PSModulePath = $saved
    }
}

function Install-PlatyPS {
    $name, $range = 'Microsoft.PowerShell.PlatyPS', '[1.0,2.0)'
    if (Get-Module $name, (Join-Path $modules $name) -ListAvailable -ErrorAction Ignore | Where-Object { $_.Version -ge '1.0' -and $_.Version -lt '2.0' }) {
        return
    }
    Write-Information -InformationAction Continue "$name 1.0 is not installed: fetching it from the PowerShell Gallery into $modules"
    $null = New-Item -ItemType Directory -Force $modules
    try { Save-PSResource -Name $name -Version $range -Path $modules -Repository PSGallery -TrustRepository }
    catch {
        throw "$name 1.0 or later (below 2.0) is needed. It is not installed, and it cannot be fetched from the PowerShell Gallery: $($_.Exception.Message). Install it by hand (Install-PSResource $name) and run this again."
    }
}

function Invoke-BuildTask {
    Invoke-Native dotnet build (Join-Path $PSScriptRoot 'TorrentPS.sln') -c $Configuration --nologo
}

function Invoke-TestTask {
    Push-Location $PSScriptRoot
    try { Invoke-Native dotnet test -c $Configuration } finally { Pop-Location }
}

function Invoke-PesterTask {
    $results = Join-Path $out 'TestResults' 'Pester.xml'
    $null = New-Item -ItemType Directory -Force (Split-Path $results)
    $suite = Join-Path $PSScriptRoot 'tests' 'Pester' 'Invoke-Suite.ps1'
    $files = ($Path | Resolve-Path | ForEach-Object { "'$($_.ProviderPath -replace "'", "''")'" }) -join ', '
    Invoke-NewPowerShell '-Command', "& '$($suite -replace "'", "''")' -Path $files -ResultPath '$($results -replace "'", "''")'; exit `$LASTEXITCODE"
}

function Invoke-SurfaceTask {
    # RS0016 is a public member missing from the engine's files, RS0017 a member in them that no longer exists.
    Invoke-Native dotnet format analyzers (Join-Path $PSScriptRoot 'src' 'TorrentPS.Engine') --diagnostics RS0016 RS0017
    $saved = $env:TORRENTPS_UPDATE_SURFACE
    $env:TORRENTPS_UPDATE_SURFACE = '1'
    try {
        foreach ($name in 'TorrentPS.Tests', 'TorrentPS.Cli.Tests') {
            Invoke-Native dotnet test (Join-Path $PSScriptRoot 'tests' $name) --filter FullyQualifiedName~SurfaceTests
        }
    }
    finally { $env:TORRENTPS_UPDATE_SURFACE = $saved }
}

function Invoke-DocsTask {
    Install-PlatyPS
    Invoke-NewPowerShell '-File', (Join-Path $PSScriptRoot 'tools' 'Update-CommandPage.ps1'), '-Module', (Join-Path $module 'TorrentPS.psd1'), '-Destination', (Join-Path $PSScriptRoot 'docs' 'en-US')
    # The build makes Get-Help's files from the pages.
    Invoke-BuildTask
}

function Test-Portable {
    # Whether an assembly contains only IL. Code compiled ahead of time for one system loads on no other.
    param([Parameter(Mandatory)] [System.IO.Compression.ZipArchiveEntry] $Entry)

    $bytes = [System.IO.MemoryStream]::new()
    $stream = $Entry.Open()
    try { $stream.CopyTo($bytes) } finally { $stream.Dispose() }
    $bytes.Position = 0
    $image = [System.Reflection.PortableExecutable.PEReader]::new($bytes)
    try {
        $headers = $image.PEHeaders
        $headers.CoffHeader.Machine -eq 'I386' -and $headers.CorHeader.Flags.HasFlag([System.Reflection.PortableExecutable.CorFlags]::ILOnly) -and
            $headers.CorHeader.ManagedNativeHeaderDirectory.Size -eq 0
    }
    finally { $image.Dispose() }
}

function Assert-Package {
    # A package must have all its files, no development files, and no assembly that runs on one system only.
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [string[]] $Needed)

    $zip = [System.IO.Compression.ZipFile]::OpenRead($Path)
    try {
        $names = $zip.Entries.FullName
        $bound = $zip.Entries | Where-Object { $_.FullName -like '*.dll' -and -not (Test-Portable $_) } | ForEach-Object FullName
    }
    finally { $zip.Dispose() }
    if ($bound) {
        throw "$(Split-Path $Path -Leaf) has [$($bound -join ', ')], which loads on this system alone."
    }
    $missing = $Needed | Where-Object { $_ -notin $names }
    # A second System.Management.Automation.dll would be loaded in place of PowerShell's own.
    $unwanted = $names | Where-Object { $_ -like '*.pdb' -or $_ -like '*System.Management.Automation.dll' }
    if ($missing -or $unwanted) {
        throw "$(Split-Path $Path -Leaf) lacks [$($missing -join ', ')] and has [$($unwanted -join ', ')], which is not to be shipped."
    }
}

function Invoke-PackageTask {
    $packages = Join-Path $out 'packages'
    $version = (Import-PowerShellDataFile (Join-Path $module 'TorrentPS.psd1')).ModuleVersion
    Remove-Item $packages -Recurse -Force -ErrorAction Ignore
    $null = New-Item -ItemType Directory $packages
    $null = Test-ModuleManifest (Join-Path $module 'TorrentPS.psd1')
    $zip = Join-Path $packages "TorrentPS-$version.zip"
    [System.IO.Compression.ZipFile]::CreateFromDirectory($module, $zip, 'SmallestSize', $true)
    $files = 'TorrentPS.psd1', 'TorrentPS.dll', 'TorrentPS.Engine.dll', 'TorrentPS.Format.ps1xml', 'TorrentPS.Types.ps1xml', 'en-US/TorrentPS.dll-Help.xml',
        'en-US/about_TorrentPS.help.txt', 'en-US/about_TorrentPS_Automation.help.txt', 'LICENSE', 'THIRD-PARTY-NOTICES.md', 'CHANGELOG.md', 'icon.png'
    Assert-Package $zip ($files | ForEach-Object { "TorrentPS/$_" })
    if (Get-Command Compress-PSResource -ErrorAction Ignore) {
        Compress-PSResource -Path $module -DestinationPath $packages
        Assert-Package (Join-Path $packages "TorrentPS.$version.nupkg") ($files + 'TorrentPS.nuspec')
    }
    else {
        Write-Warning 'No .nupkg was made: that takes Microsoft.PowerShell.PSResourceGet 1.1 or later, which PowerShell mostly comes with.'
    }
    # A tool runs on every platform, so it is not the native executable.
    Invoke-Native dotnet pack (Join-Path $PSScriptRoot 'src' 'TorrentPS.Cli') -c $Configuration -o $packages --nologo -v q '-p:NativeAot=false'
    $files = 'torrentps.dll', 'TorrentPS.Engine.dll', 'torrentps.runtimeconfig.json', 'DotnetToolSettings.xml' | ForEach-Object { "tools/net10.0/any/$_" }
    Assert-Package (Join-Path $packages "TorrentPS.Tool.$version.nupkg") ($files + 'README.md', 'LICENSE', 'THIRD-PARTY-NOTICES.md', 'icon.png')
    Get-ChildItem $packages -File | ForEach-Object { Write-Information "$([Math]::Round($_.Length / 1KB)) KiB  $($_.FullName)" -InformationAction Continue }
}

$needsBuild = $Task | Where-Object { $_ -in 'Pester', 'Docs', 'Package' }
if ($needsBuild -and 'Build' -notin $Task) {
    Invoke-BuildTask
}
foreach ($name in 'Surface', 'Build', 'Docs', 'Test', 'Pester', 'Package') {
    if ($name -in $Task) {
        Write-Information -InformationAction Continue "== $name"
        & "Invoke-${name}Task"
    }
}
